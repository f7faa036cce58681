import { DomainError, notFound } from '../../domain/errors.js';
import type { Connection } from '../../store/connection.js';
import {
  type ListedVariable,
  variableByName,
  variablesAfter,
  workflowOfVariables,
} from '../../store/statements/variables.js';
import type { EngineContext } from '../context.js';
import { noSuchVariable, type VariableKey } from './change-variable.js';
import { variableLimits } from './limits.js';

export interface VariableQuery {
  /** Only variables of this workflow; empty for all, those of the server first. */
  readonly workflow: string;
  readonly limit: number;
  /** The `nextPageToken` of the previous page; empty for the first. */
  readonly pageToken: string;
}

export interface VariablePage {
  readonly variables: readonly VariableView[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface VariableView extends VariableKey {
  readonly value: string;
  readonly changedAtMs: number;
  /** The name of the token that set it; null when the server ran without tokens. */
  readonly changedBy: string | null;
}

/** Reads variables. */
export function variableViews({ store }: EngineContext) {
  return {
    /** Errors: `not_found`. */
    async variable(key: VariableKey): Promise<VariableView> {
      const workflow = await numberOf(store.read, key.workflow);
      const [row] = await variableByName.run(store.read, { workflow: workflow ?? 0, name: key.name });
      if (row === undefined) throw noSuchVariable(key);
      return toView(row);
    },

    /** Errors: `not_found` for a workflow that does not exist; `malformed` for an invalid page token. */
    async listVariables({ workflow, limit, pageToken }: VariableQuery): Promise<VariablePage> {
      const only = await numberOf(store.read, workflow);
      const after = readToken(pageToken) ?? { workflow: only ?? 0, name: '' };
      const found = await variablesAfter.run(store.longRead, {
        fromWorkflow: after.workflow,
        toWorkflow: only ?? Number.MAX_SAFE_INTEGER,
        name: after.name,
        limit: limit + 1,
      });
      const page = fitting(found.slice(0, limit));
      const last = found.length > page.length ? page.at(-1) : undefined;
      return {
        variables: page.map(toView),
        nextPageToken: last === undefined ? '' : `${last.workflow}.${last.name}`,
      };
    },
  };
}

/** The first variables that fit into one page. */
function fitting(rows: readonly ListedVariable[]): readonly ListedVariable[] {
  let chars = 0;
  const end = rows.findIndex(({ value }, at) => {
    chars += value.length;
    return at > 0 && chars > variableLimits.pageChars;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

/** Null for no workflow. */
async function numberOf(connection: Connection, workflow: string): Promise<number | null> {
  if (workflow === '') return null;
  const [row] = await workflowOfVariables.run(connection, { id: workflow });
  if (row === undefined) throw notFound(`workflow ${JSON.stringify(workflow)}`);
  return row.no;
}

function toView(row: ListedVariable): VariableView {
  const { name, value, changed_at_ms, changed_by_name, workflow_id } = row;
  return { name, workflow: workflow_id ?? '', value, changedAtMs: changed_at_ms, changedBy: changed_by_name };
}

/** A page token is the number of a workflow, a dot, and the name of the last variable. */
function readToken(token: string): { workflow: number; name: string } | null {
  if (token === '') return null;
  const parts = /^([0-9]{1,15})\.(.+)$/.exec(token);
  if (parts === null)
    throw new DomainError(
      'malformed',
      'page_token: it is not the next_page_token of a page; leave it out for the first',
    );
  return { workflow: Number(parts[1]), name: parts[2] ?? '' };
}
