import { notFound } from '../../domain/errors.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import type { JobState } from '../../domain/states.js';
import type { ChildrenFact } from '../../domain/why-facts.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import { lastEventNumber } from '../../store/statements/events.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { childTexts } from '../../store/statements/matrix-children.js';
import { groupByKey, matricesInRange } from '../../store/statements/read-matrices.js';
import { type RunJobRow, runJobs } from '../../store/statements/run-jobs.js';
import { runViews } from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { findRun } from '../runs/find-run.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { jobsPerPage } from './workflow-rows.js';

export interface RunJobsQuery {
  /** A run's id, or a workflow's, which means its newest run. */
  readonly id: string;
  readonly fromOrdinal: number;
  readonly limit: number;
  /** Empty for every state. */
  readonly states: readonly JobState[];
  /** The key of a node whose children are listed; empty for the jobs of the definition. */
  readonly childrenOf: string;
}

/** What changes about a job. */
export interface RunJobView {
  readonly ordinal: number;
  readonly state: JobState;
  readonly attempt: number;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly workerId: string | null;
  readonly hasError: boolean;
  readonly isTolerated: boolean;
  /** Of a child. */
  readonly child: ChildTexts | null;
}

/** What is told apart about the children of a node. */
export interface ChildTexts {
  readonly name: string;
  /** Its values as JSON. */
  readonly matrix: string;
}

export interface RunJobsPage {
  readonly runId: string;
  readonly workflowId: string;
  readonly version: number;
  readonly createdAtMs: number;
  /** The page includes every event up to this number. */
  readonly lastEvent: number;
  readonly jobs: readonly RunJobView[];
  /** How the children of the nodes among the jobs stand, by the ordinals of the nodes. */
  readonly nodes: ReadonlyMap<number, ChildrenFact>;
  /** Null on the last page. */
  readonly nextOrdinal: number | null;
}

/** The jobs of a run, without their specifications. Errors: `not_found`. */
export function listRunJobsVerb(context: EngineContext) {
  const { store } = context;
  return async (query: RunJobsQuery): Promise<RunJobsPage> => {
    const run = await findRun(context, query.id);
    // The event number is read before the jobs: a change during the read is repeated as an event.
    const [view] = await runViews.run(store.read, { rows: [{ no: run.no }] });
    const [event] = await lastEventNumber.run(store.read, {});
    const jobs: RunJobView[] = [];
    const range = await rangeOf(store.read, run, query);
    let { from } = range;
    let isLast = false;
    while (!isLast && jobs.length < query.limit) {
      const limit = Math.min(jobsPerPage, query.limit - jobs.length);
      const rows = await runJobs.run(store.longRead, {
        from,
        to: range.to,
        limit,
        anyState: query.states.length === 0 ? 1 : 0,
        states: query.states,
      });
      const next = (rows.at(-1)?.id ?? from) + 1;
      const texts = query.childrenOf === '' ? noTexts : await textsOf(store.longRead, from, next);
      for (const row of rows) jobs.push(toRunJobView(row, texts.get(row.id) ?? null));
      from = next;
      isLast = rows.length < limit;
      await yieldToEventLoop(context);
    }
    return {
      runId: run.id,
      workflowId: run.workflow_id,
      version: view?.number ?? 0,
      createdAtMs: run.created_at_ms,
      lastEvent: event?.value ?? 0,
      jobs,
      nodes: query.childrenOf === '' ? await nodesIn(store.read, range.from, from) : new Map(),
      nextOrdinal: isLast ? null : ordinalOfJob(from),
    };
  };
}

const noTexts: ReadonlyMap<number, ChildTexts> = new Map();

/** The row ids of the wanted jobs. Errors: `not_found` for children of a job that has no matrix. */
async function rangeOf(
  connection: Connection,
  run: RunRow,
  { childrenOf, fromOrdinal }: RunJobsQuery,
): Promise<{ readonly from: number; readonly to: number }> {
  if (childrenOf === '') return { from: jobIdOf(run.no, fromOrdinal), to: jobIdOf(run.no, firstChildOrdinal) };
  const [group] = await groupByKey.run(connection, { version: run.version, key: childrenOf });
  if (group === undefined) throw notFound(`job ${JSON.stringify(childrenOf)} with a matrix`);
  const node = jobIdOf(run.no, group.ord);
  const [{ total } = { total: 0 }] = await matricesInRange.run(connection, { from: node, to: node + 1 });
  const from = jobIdOf(run.no, Math.max(fromOrdinal, group.children_from));
  return { from, to: jobIdOf(run.no, group.children_from + total) };
}

async function textsOf(connection: Connection, from: number, to: number): Promise<ReadonlyMap<number, ChildTexts>> {
  const rows = await childTexts.run(connection, { from, to });
  return new Map(rows.map(({ id, name, matrix }) => [id, { name: name ?? '', matrix: matrix ?? '{}' }]));
}

async function nodesIn(connection: Connection, from: number, to: number): Promise<ReadonlyMap<number, ChildrenFact>> {
  const rows = await matricesInRange.run(connection, { from, to });
  return new Map(rows.map(({ job, ...children }) => [ordinalOfJob(job), children]));
}

function toRunJobView(row: RunJobRow, child: ChildTexts | null): RunJobView {
  return {
    ordinal: ordinalOfJob(row.id),
    state: row.state,
    attempt: row.attempt,
    enqueuedAtMs: row.enqueued_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    workerId: row.worker_id,
    hasError: row.has_error === 1,
    isTolerated: row.tolerated === 1,
    child,
  };
}
