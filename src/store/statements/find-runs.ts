import { sql } from 'kysely';
import type { RunTrigger } from '../../domain/states.js';
import { runKeys } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import { statement } from '../statement.js';
import type { RunTable } from '../tables/runs.js';

type RunState = RunTable['state'];

/** What never changes about runs, and whether they were cancelled. */
export interface RunRow {
  backfill: number | null;
  no: number;
  id: string;
  workflow: number;
  workflow_id: string;
  version: number;
  state: RunState;
  inputs: string;
  job_count: number;
  survivor_count: number;
  cancel_requested_at_ms: number | null;
  cancel_forced: number;
  activate_from: number | null;
  cancel_from: number | null;
  rerun_from: number | null;
  /** The gate of its group; null when it has none. */
  gate: number | null;
  /** 1: it waits at its gate. */
  held: number;
  generation: number;
  /** 2: it is being deleted. */
  logs_pruned: number;
  created_at_ms: number;
  traceparent: string | null;
  /** Its evaluated `run-name`, or the name of its workflow. */
  name: string;
  trigger: RunTrigger;
  schedule: string | null;
  scheduled_at_ms: number | null;
  /** The server variables that its definition names, as JSON; null for none. */
  vars: string | null;
}

/** Needs the tables `runs as n`, `workflows as w` and `versions as v`. */
export const runColumns = [
  'n.no',
  'n.id',
  'n.workflow',
  'w.id as workflow_id',
  'n.version',
  'n.state',
  'n.inputs',
  'n.job_count',
  'v.survivor_count',
  'n.cancel_requested_at_ms',
  'n.cancel_forced',
  'n.activate_from',
  'n.cancel_from',
  'n.rerun_from',
  'n.gate',
  'n.held',
  'n.generation',
  'n.logs_pruned',
  'n.created_at_ms',
  'n.traceparent',
  sql<string>`coalesce(n.name, v.name)`.as('name'),
  'n.trigger',
  'n.schedule',
  'n.backfill',
  'n.scheduled_at_ms',
  'n.vars',
] as const;

export const runsByNumber = statement<{ rows: Rows<typeof runKeys> }, RunRow>('runsByNumber', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .select(runColumns),
);

/** What few expressions read of runs: the generation, and the name of the token that started each. */
export const runContexts = statement<
  { rows: Rows<typeof runKeys> },
  { no: number; generation: number; started_by: string | null }
>('runContexts', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .select([
      'n.no',
      'n.generation',
      sql<string | null>`(select t.name from tokens as t where t.id = n.started_by)`.as('started_by'),
    ]),
);

/** A run by its id, or the newest run of the workflow with that id. */
export const runById = statement<{ id: string }, RunRow>('runById', ({ db, text }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('n.id', '=', text('id'))
    .select(runColumns),
);

/** The runs with ids between two texts, in order. */
export const runsByIdPrefix = statement<
  { from: string; to: string; limit: number },
  { id: string; workflow_id: string; state: RunState }
>('runsByIdPrefix', ({ db, integer, text }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .where('n.id', '>=', text('from'))
    .where('n.id', '<', text('to'))
    .where('n.state', '!=', sql.lit<RunState>('creating'))
    .orderBy('n.id')
    .limit(integer('limit'))
    .select(['n.id', 'w.id as workflow_id', 'n.state']),
);

export const newestRunOfWorkflow = statement<{ id: string }, RunRow>('newestRunOfWorkflow', ({ db, text }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('runs as n', 'n.no', 'w.newest_run')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('w.id', '=', text('id'))
    .select(runColumns),
);

/** The run that a request cancelled. */
export const runByCancelRequest = statement<{ hash: string }, RunRow>('runByCancelRequest', ({ db, text }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('n.cancel_request_hash', '=', text('hash'))
    .where('n.cancel_request_hash', 'is not', null)
    .select(runColumns),
);
