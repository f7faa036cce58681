import { DomainError, notFound } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { variableNameFault, variableValueFault } from '../../domain/variables.js';
import type { Connection } from '../../store/connection.js';
import {
  countVariables,
  deleteVariable,
  lockWorkflowOfVariables,
  putVariable,
} from '../../store/statements/variables.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';

/** Identifies a variable: its name, and its workflow; the empty text for one of the server. */
export interface VariableKey {
  readonly name: string;
  readonly workflow: string;
}

export interface ChangeVariable extends VariableKey {
  readonly caller: Caller;
}

/** Sets and deletes variables. Started runs keep the values that they started with. */
export function changeVariableVerbs({ store, environment, log }: EngineContext) {
  /** Applies a change and writes an audit entry for it, unless it changes nothing. */
  async function change(
    { caller, name, workflow }: ChangeVariable,
    action: 'variable.set' | 'variable.deleted',
    apply: (connection: Connection, workflow: number, nowMs: number) => Promise<boolean>,
  ): Promise<void> {
    const data = workflow === '' ? {} : { workflow };
    const entry: AuditDraft = { action, subject: name, source: 'api', actor: caller.credential, data };
    const isChanged = await store.transact(async (connection, databaseNowMs) => {
      const nowMs = databaseNowMs ?? environment.now();
      const no = await workflowNumber(connection, workflow);
      if (!(await apply(connection, no, nowMs))) return false;
      await writeAudit(connection, nowMs, [entry]);
      return true;
    });
    if (isChanged) logAudit(log, entry);
  }

  return {
    /**
     * Sets a new or existing variable. Errors: `malformed` for an invalid name; `too_large` for a value beyond its
     * limit, or when there are too many variables; `not_found` for a workflow that does not exist.
     */
    async setVariable({ value, ...key }: ChangeVariable & { readonly value: string }): Promise<void> {
      checkVariable(key.name, value);
      await change(key, 'variable.set', async (connection, workflow, nowMs) => {
        const row = { workflow, name: key.name, value, changed_at_ms: nowMs, changed_by: key.caller.credential };
        const changed = await putVariable.run(connection, row);
        const [total] = await countVariables.run(connection, {});
        if ((total?.count ?? 0) > limits.variables) throw tooMany();
        return changed.length > 0;
      });
    },

    /** Errors: `not_found`. */
    deleteVariable(key: ChangeVariable): Promise<void> {
      return change(key, 'variable.deleted', async (connection, workflow) => {
        const [deleted] = await deleteVariable.run(connection, { workflow, name: key.name });
        if (deleted === undefined) throw noSuchVariable(key);
        return true;
      });
    },
  };
}

export function noSuchVariable({ name, workflow }: VariableKey): DomainError {
  const of = workflow === '' ? 'of the server' : `of workflow ${JSON.stringify(workflow)}`;
  return notFound(`variable ${JSON.stringify(name)} ${of}`);
}

/** The number of a workflow in the table of variables: 0 for those of the server. */
async function workflowNumber(connection: Connection, id: string): Promise<number> {
  if (id === '') return 0;
  const [row] = await lockWorkflowOfVariables.run(connection, { id });
  if (row === undefined) throw notFound(`workflow ${JSON.stringify(id)}`);
  return row.no;
}

function checkVariable(name: string, value: string): void {
  const nameFault = variableNameFault(name);
  if (nameFault !== null) throw new DomainError('malformed', `name: the name of a variable ${nameFault}`);
  const fault = variableValueFault(value);
  if (fault === null) return;
  const code = value.includes('\u0000') ? 'malformed' : 'too_large';
  throw new DomainError(code, `value: the value of variable ${JSON.stringify(name)} ${fault}`);
}

function tooMany(): DomainError {
  const said = `the server has ${limits.variables} variables, which is the most; delete one first`;
  return new DomainError('too_large', said);
}
