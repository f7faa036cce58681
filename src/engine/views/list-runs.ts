import { notFound } from '../../domain/errors.js';
import type { RunState } from '../../domain/states.js';
import { lastEventNumber } from '../../store/statements/events.js';
import {
  firstRunFromId,
  lastRunBeforeId,
  type RunFilter,
  runNumbers,
  runNumbersByIdPrefix,
  runNumbersInState,
  runNumbersOfWorkflow,
  workflowsByIdPrefix,
} from '../../store/statements/list-runs.js';
import { allTokens } from '../../store/statements/tokens.js';
import { type RunViewRow, runViews } from '../../store/statements/views.js';
import { currentVersions } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { viewLimits } from './limits.js';
import { readPageToken, writePageToken } from './page-token.js';
import { type RunDetails, runDetails } from './run-details.js';
import { type RunView, toRunView } from './workflow-rows.js';

export interface RunQuery {
  /** Empty for every workflow. */
  readonly workflows: readonly string[];
  /** Empty for every state. */
  readonly states: readonly RunState[];
  readonly createdAfterMs: number | null;
  readonly createdBeforeMs: number | null;
  /** The name of the token that started them; empty for any. */
  readonly startedBy: string;
  /** The beginning of a run's or a workflow's id; empty for any. */
  readonly query: string;
  readonly limit: number;
  readonly pageToken: string;
  readonly withDetails: boolean;
}

export interface RunPage {
  /** `details` is null unless requested. */
  readonly runs: readonly (RunView & { readonly details: RunDetails | null })[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  /** The page includes every event up to this number. */
  readonly lastEvent: number;
}

/**
 * The largest difference between the time in a run's id and the time at which it was stored, which may change their
 * order.
 */
const clockSlackMs = 5 * 60 * 1000;

/**
 * Lists runs, newest first. It first finds the numbers of the page by the index that fits the filters best, and then
 * reads the runs. Errors: `not_found` for a workflow that does not exist, `malformed` for an invalid page token.
 */
export function listRunsVerb(context: EngineContext) {
  const { store } = context;

  return async (query: RunQuery): Promise<RunPage> => {
    // The event number is read before the runs: a change during the read is repeated as an event.
    const lastEvent = (await lastEventNumber.run(store.read, {}))[0]?.value ?? 0;
    const { numbers, nextBefore } = await findNumbers(query);
    const rows: RunViewRow[] = [];
    let read = 0;
    // A run has up to a megabyte of inputs, so their length bounds the page too; its token marks where it ended.
    for (
      let chars = 0;
      read < numbers.length && chars < viewLimits.runPageInputChars;
      read += viewLimits.runsPerQuery
    ) {
      const chunk = numbers.slice(read, read + viewLimits.runsPerQuery);
      const found = await runViews.run(store.longRead, { rows: chunk.map((no) => ({ no })) });
      for (const row of found.toSorted((a, b) => b.no - a.no)) {
        rows.push(row);
        chars += row.inputs.length;
      }
    }
    const details = query.withDetails
      ? await runDetails(
          context,
          rows.map(({ no }) => no),
        )
      : null;
    const runs = rows.map((row) => ({ ...toRunView(row), details: details?.get(row.no) ?? null }));
    const next = read < numbers.length ? (numbers[read - 1] ?? null) : nextBefore;
    return { runs, nextPageToken: next === null ? '' : writePageToken(next), lastEvent };
  };

  /**
   * The numbers of a page's runs, newest first, and the number before which the next page begins; null on the last
   * page.
   */
  async function findNumbers(query: RunQuery): Promise<{ numbers: readonly number[]; nextBefore: number | null }> {
    const nothing = { numbers: [], nextBefore: null };
    const workflows = await workflowNumbers(query.workflows);
    const starters = query.startedBy === '' ? [] : await tokensNamed(query.startedBy);
    if (query.startedBy !== '' && starters.length === 0) return nothing;
    const range = await numberRange(query);
    const sources = sourcesOf(query, workflows, query.query === '' ? [] : await workflowsBeginning(query.query));
    if (sources.length === 0) return nothing;

    const isScan = starters.length > 0 || (workflows.length > 0 && query.states.length > 0) || query.query !== '';
    const from = isScan ? Math.max(range.from, (await scanBegin(range.before)) - viewLimits.runsPerScan) : range.from;
    const filter: RunFilter = {
      before: range.before,
      from,
      limit: query.limit + 1,
      createdAfterMs: query.createdAfterMs ?? 0,
      createdBeforeMs: query.createdBeforeMs ?? Number.MAX_SAFE_INTEGER,
      anyState: query.states.length === 0 ? 1 : 0,
      states: query.states,
      anyStarter: query.startedBy === '' ? 1 : 0,
      starters,
    };
    const found = new Set<number>();
    for (const source of sources) for (const { no } of await source(filter)) found.add(no);
    const numbers = [...found].sort((a, b) => b - a);
    const page = numbers.slice(0, query.limit);
    if (numbers.length > query.limit) return { numbers: page, nextBefore: page.at(-1) ?? null };
    return { numbers: page, nextBefore: from > range.from ? from : null };
  }

  /** The statements that together find the runs, each with its own index. */
  function sourcesOf(query: RunQuery, workflows: readonly number[], begun: readonly number[]): readonly Source[] {
    const ofWorkflow = (workflow: number): Source => {
      return (filter) => runNumbersOfWorkflow.run(store.longRead, { ...filter, workflow });
    };
    if (query.query !== '') {
      const both = workflows.length === 0 ? begun : begun.filter((workflow) => workflows.includes(workflow));
      const prefix = runIdPrefix.test(query.query) && workflows.length === 0 ? query.query.toLowerCase() : null;
      const byId: Source = (filter) =>
        runNumbersByIdPrefix.run(store.longRead, { ...filter, idFrom: prefix ?? '', idTo: `${prefix}g` });
      return [...both.map(ofWorkflow), ...(prefix === null ? [] : [byId])];
    }
    if (workflows.length > 0) return workflows.map(ofWorkflow);
    if (query.states.length === 0) return [(filter) => runNumbers.run(store.longRead, filter)];
    return query.states.map(
      (state): Source =>
        (filter) =>
          runNumbersInState.run(store.longRead, { ...filter, state }),
    );
  }

  async function workflowNumbers(ids: readonly string[]): Promise<readonly number[]> {
    if (ids.length === 0) return [];
    const rows = await currentVersions.run(store.read, { rows: ids.map((id) => ({ id })) });
    const missing = ids.find((id) => !rows.some((row) => row.workflow_id === id));
    if (missing !== undefined) throw notFound(`workflow ${JSON.stringify(missing)}`);
    return rows.map(({ workflow }) => workflow);
  }

  async function workflowsBeginning(text: string): Promise<readonly number[]> {
    const range = { idFrom: text, idTo: `${text}\u{10ffff}`, limit: viewLimits.workflowsOfQuery };
    return (await workflowsByIdPrefix.run(store.read, range)).map(({ no }) => no);
  }

  async function tokensNamed(name: string): Promise<readonly string[]> {
    return (await allTokens.run(store.read, {})).filter((token) => token.name === name).map(({ id }) => id);
  }

  /** One more than the number of the newest run to scan: a first page has no token. */
  async function scanBegin(before: number): Promise<number> {
    if (before !== Number.MAX_SAFE_INTEGER) return before;
    // Ids are hexadecimal, so all of them sort before this.
    return ((await lastRunBeforeId.run(store.read, { id: 'g' }))[0]?.no ?? 0) + 1;
  }

  /** The range of numbers of the runs of a time span. */
  async function numberRange(query: RunQuery): Promise<{ from: number; before: number }> {
    let before = readPageToken(query.pageToken) ?? Number.MAX_SAFE_INTEGER;
    let from = 0;
    if (query.createdAfterMs !== null) {
      const id = idAt(query.createdAfterMs - clockSlackMs);
      from = (await lastRunBeforeId.run(store.read, { id }))[0]?.no ?? 0;
    }
    if (query.createdBeforeMs !== null) {
      const id = idAt(query.createdBeforeMs + clockSlackMs);
      before = Math.min(before, (await firstRunFromId.run(store.read, { id }))[0]?.no ?? before);
    }
    return { from, before };
  }
}

type Source = (filter: RunFilter) => Promise<readonly { no: number }[]>;

const runIdPrefix = /^[0-9a-f][0-9a-f-]{5,35}$/i;

/** The smallest id that a run of this time can have: a UUID of version 7 begins with the milliseconds. */
function idAt(atMs: number): string {
  const hex = Math.min(Math.max(0, Math.floor(atMs)), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
