import { sql } from 'kysely';
import type { VersionTable, WorkflowTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

export interface CurrentVersionRow {
  workflow: number;
  workflow_id: string;
  source: WorkflowTable['source'];
  removed_at_ms: number | null;
  version: number;
  number: number;
  hash: string;
  name: string;
  trigger: string;
  job_count: number;
  survivor_count: number;
  conditional_roots: number;
  root_label_sets: string;
}

const currentVersionColumns = [
  'w.no as workflow',
  'w.id as workflow_id',
  'w.source',
  'w.removed_at_ms',
  'v.no as version',
  'v.number',
  'v.hash',
  'v.name',
  'v.trigger',
  'v.job_count',
  'v.survivor_count',
  'v.conditional_roots',
  'v.root_label_sets',
] as const;

/** The current definition of a workflow. */
export const currentVersion = statement<{ id: string }, CurrentVersionRow>('currentVersion', ({ db, text }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .where('w.id', '=', text('id'))
    .select(currentVersionColumns),
);

/** The current definitions of workflows. Rows: workflow id. */
export const currentVersions = statement<{ rows: Cells }, CurrentVersionRow>('currentVersions', ({ db, rows }) =>
  db
    .selectFrom(rows<{ id: string }>('rows', { id: 'text' }).as('r'))
    .innerJoin('workflows as w', 'w.id', 'r.id')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .select(currentVersionColumns),
);

/** The current definitions of the workflows that runs belong to. Rows: run id. */
export const currentVersionsOfRuns = statement<{ rows: Cells }, CurrentVersionRow & { run_id: string }>(
  'currentVersionsOfRuns',
  ({ db, rows }) =>
    db
      .selectFrom(rows<{ id: string }>('rows', { id: 'text' }).as('r'))
      .innerJoin('runs as n', 'n.id', 'r.id')
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .select(['n.id as run_id', ...currentVersionColumns]),
);

/** Makes sure that a workflow has a row. */
export const ensureWorkflow = statement<
  { id: string; source: WorkflowTable['source']; nowMs: number },
  Pick<WorkflowTable, 'source' | 'current_version'> & { no: number }
>('ensureWorkflow', ({ db, value }) =>
  db
    .insertInto('workflows')
    .values({ id: value('id'), source: value('source'), created_at_ms: value('nowMs') })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ source: sql`excluded.source` }))
    .returning(['no', 'source', 'current_version']),
);

/** Begins a version; its number follows the newest one's. */
export const insertVersion = statement<
  {
    workflow: number;
    hash: string;
    name: string;
    trigger: string;
    jobCount: number;
    survivorCount: number;
    conditionalRoots: number;
    rootLabelSets: string;
    nowMs: number;
  },
  { no: number; number: number }
>('insertVersion', ({ db, integer, value }) =>
  db
    .insertInto('versions')
    .values({
      workflow: value('workflow'),
      number: sql<number>`(select coalesce(max(number), 0) + 1 from versions where workflow = ${integer('workflow')})`,
      hash: value('hash'),
      name: value('name'),
      trigger: value('trigger'),
      job_count: value('jobCount'),
      survivor_count: value('survivorCount'),
      conditional_roots: value('conditionalRoots'),
      root_label_sets: value('rootLabelSets'),
      whole: 0,
      created_at_ms: value('nowMs'),
    })
    .returning(['no', 'number']),
);

/** Rows: ordinal, key, labels as JSON text (a stored label set), priority, needs, conditional, spec. */
export const insertVersionJobs = statement<{ version: number; rows: Cells | string }, never>(
  'insertVersionJobs',
  ({ db, integer, rows }) =>
    db
      .insertInto('version_jobs')
      .columns(['version', 'ord', 'key', 'label_set', 'priority', 'needs', 'conditional', 'spec'])
      .expression((eb) =>
        eb
          .selectFrom(
            rows<{
              ord: number;
              key: string;
              labels: string;
              priority: number;
              needs: number;
              conditional: number;
              spec: string;
            }>('rows', {
              ord: 'integer',
              key: 'text',
              labels: 'text',
              priority: 'integer',
              needs: 'integer',
              conditional: 'integer',
              spec: 'text',
            }).as('r'),
          )
          .innerJoin('label_sets as s', 's.labels', 'r.labels')
          .select([
            integer('version').as('version'),
            'r.ord',
            'r.key',
            's.id',
            'r.priority',
            'r.needs',
            'r.conditional',
            'r.spec',
          ]),
      ),
);

/** Rows: from, to. */
export const insertVersionEdges = statement<{ version: number; rows: Cells | string }, never>(
  'insertVersionEdges',
  ({ db, integer, rows }) =>
    db
      .insertInto('version_edges')
      .columns(['version', 'from_ord', 'to_ord'])
      .expression((eb) =>
        eb
          .selectFrom(
            rows<{ from_ord: number; to_ord: number }>('rows', { from_ord: 'integer', to_ord: 'integer' }).as('r'),
          )
          .select([integer('version').as('version'), 'r.from_ord', 'r.to_ord']),
      ),
);

/** Makes a version whole, and the current one of its workflow. */
export const finishVersion = statement<{ version: number }, never>('finishVersion', ({ db, integer }) =>
  db.updateTable('versions').set({ whole: 1 }).where('no', '=', integer('version')),
);

export const setCurrentVersion = statement<{ workflow: number; version: number }, never>(
  'setCurrentVersion',
  ({ db, integer, value }) =>
    db
      .updateTable('workflows')
      .set({ current_version: value('version'), removed_at_ms: null })
      .where('no', '=', integer('workflow')),
);

/** Notes when a workflow's file went away, or that it is back. */
export const setWorkflowRemoved = statement<{ id: string; atMs: number | null }, { no: number }>(
  'setWorkflowRemoved',
  ({ db, text, value }) =>
    db
      .updateTable('workflows')
      .set({ removed_at_ms: value('atMs') })
      .where('id', '=', text('id'))
      .returning('no'),
);

/** The ids of the workflows that came from files. */
export const fileWorkflows = statement<Record<string, never>, { id: string; removed_at_ms: number | null }>(
  'fileWorkflows',
  ({ db }) =>
    db
      .selectFrom('workflows')
      .where('source', '=', sql.lit<WorkflowTable['source']>('file'))
      .select(['id', 'removed_at_ms']),
);

/** Versions that are being written, or were cut short while they were. */
export const unfinishedVersions = statement<Record<string, never>, { no: number; created_at_ms: number }>(
  'unfinishedVersions',
  ({ db }) => db.selectFrom('versions').where('whole', '=', sql.lit(0)).select(['no', 'created_at_ms']),
);

/** Whether a version is still being written; nobody ends that meanwhile. */
export const lockVersionBeingMade = statement<{ no: number }, { no: number }>(
  'lockVersionBeingMade',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('versions')
      .where('no', '=', integer('no'))
      .where('whole', '=', sql.lit(0))
      .select('no')
      .modifyEnd(dialect.lockRows('versions')),
);

/** Forgets a version that is not whole; its jobs and edges are to be deleted after it. */
export const deleteVersionUnlessWhole = statement<{ no: number }, { no: number }>(
  'deleteVersionUnlessWhole',
  ({ db, integer }) =>
    db.deleteFrom('versions').where('no', '=', integer('no')).where('whole', '=', sql.lit(0)).returning('no'),
);

export const deleteVersionJobs = statement<{ no: number }, never>('deleteVersionJobs', ({ db, integer }) =>
  db.deleteFrom('version_jobs').where('version', '=', integer('no')),
);

export const deleteVersionEdges = statement<{ no: number }, never>('deleteVersionEdges', ({ db, integer }) =>
  db.deleteFrom('version_edges').where('version', '=', integer('no')),
);

/** Adds label sets that are new. Rows: labels as JSON text. */
export const ensureLabelSets = statement<{ rows: Cells }, never>('ensureLabelSets', ({ db, rows }) =>
  db
    .insertInto('label_sets')
    .columns(['labels'])
    .expression((eb) =>
      eb
        .selectFrom(rows<{ labels: string }>('rows', { labels: 'text' }).as('r'))
        .select('r.labels')
        .where(sql<boolean>`true`)
        .orderBy('r.labels'),
    )
    .onConflict((conflict) => conflict.column('labels').doNothing()),
);

export const allLabelSets = statement<{ afterId: number }, { id: number; labels: string }>(
  'allLabelSets',
  ({ db, integer }) =>
    db.selectFrom('label_sets').where('id', '>', integer('afterId')).select(['id', 'labels']).orderBy('id'),
);

/** Rows: labels as JSON text. */
export const labelSetsByLabels = statement<{ rows: Cells }, { id: number; labels: string }>(
  'labelSetsByLabels',
  ({ db, rows }) =>
    db
      .selectFrom(rows<{ labels: string }>('rows', { labels: 'text' }).as('r'))
      .innerJoin('label_sets as s', 's.labels', 'r.labels')
      .select(['s.id', 's.labels']),
);

/** What versions say of jobs. Rows: version, ordinal. */
export const versionJobs = statement<
  { rows: Cells },
  { version: number; ord: number; key: string; needs: number; conditional: number; spec: string }
>('versionJobs', ({ db, rows }) =>
  db
    .selectFrom(rows<{ version: number; ord: number }>('rows', { version: 'integer', ord: 'integer' }).as('r'))
    .innerJoin('version_jobs as v', (join) => join.onRef('v.version', '=', 'r.version').onRef('v.ord', '=', 'r.ord'))
    .select(['v.version', 'v.ord', 'v.key', 'v.needs', 'v.conditional', 'v.spec']),
);

export type VersionRow = VersionTable;
