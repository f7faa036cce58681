import { sql } from 'kysely';
import { labelKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { WorkflowTable } from '../tables/definitions.js';
import { newVersionEdges, newVersionJobs } from '../version-rows.js';

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
  start_spec: string | null;
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
  'v.start_spec',
] as const;

/** The current definition of a workflow. */
export const currentVersion = statement<{ id: string }, CurrentVersionRow>('currentVersion', ({ db, text }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .where('w.id', '=', text('id'))
    .select(currentVersionColumns),
);

const workflowIds = rowSet({ id: 'text' });

/** The current definitions of workflows. */
export const currentVersions = statement<{ rows: Rows<typeof workflowIds> }, CurrentVersionRow>(
  'currentVersions',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', workflowIds).as('r'))
      .innerJoin('workflows as w', 'w.id', 'r.id')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .select(currentVersionColumns),
);

const runIds = rowSet({ id: 'text' });

/** The current definitions of the workflows of some runs, and the inputs of those runs. */
export const currentVersionsOfRuns = statement<
  { rows: Rows<typeof runIds> },
  CurrentVersionRow & { run_id: string; inputs: string }
>('currentVersionsOfRuns', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runIds).as('r'))
    .innerJoin('runs as n', 'n.id', 'r.id')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .select(['n.id as run_id', 'n.inputs', ...currentVersionColumns]),
);

/** Creates a missing row of a workflow. */
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

/** Starts a version; its number follows the newest one's. */
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
    startSpec: string | null;
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
      start_spec: value('startSpec'),
      whole: 0,
      created_at_ms: value('nowMs'),
    })
    .returning(['no', 'number']),
);

/** Adds jobs to a version; their label sets are already stored. */
export const insertVersionJobs = statement<{ version: number; rows: Rows<typeof newVersionJobs> | string }, never>(
  'insertVersionJobs',
  ({ db, integer, rows }) =>
    db
      .insertInto('version_jobs')
      .columns(['version', 'ord', 'key', 'label_set', 'priority', 'needs', 'conditional', 'spec', 'children_from'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newVersionJobs).as('r'))
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
            'r.children_from',
          ]),
      ),
);

/** Adds edges to a version, from a job to one that needs it. */
export const insertVersionEdges = statement<{ version: number; rows: Rows<typeof newVersionEdges> | string }, never>(
  'insertVersionEdges',
  ({ db, integer, rows }) =>
    db
      .insertInto('version_edges')
      .columns(['version', 'from_ord', 'to_ord'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newVersionEdges).as('r'))
          .select([integer('version').as('version'), 'r.from_ord', 'r.to_ord']),
      ),
);

/** Completes a version, and makes it the current one of its workflow. */
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

/** Records when a workflow's file was deleted, or that it is back. */
export const setWorkflowRemoved = statement<{ id: string; atMs: number | null }, { no: number }>(
  'setWorkflowRemoved',
  ({ db, text, value }) =>
    db
      .updateTable('workflows')
      .set({ removed_at_ms: value('atMs') })
      .where('id', '=', text('id'))
      .returning('no'),
);

/** The ids of the workflows of files. */
export const fileWorkflows = statement<Record<string, never>, { id: string; removed_at_ms: number | null }>(
  'fileWorkflows',
  ({ db }) =>
    db
      .selectFrom('workflows')
      .where('source', '=', sql.lit<WorkflowTable['source']>('file'))
      .select(['id', 'removed_at_ms']),
);

/** What a version checks and decides at the start of its runs. */
export const startSpecOfVersion = statement<{ no: number }, { start_spec: string | null }>(
  'startSpecOfVersion',
  ({ db, integer }) => db.selectFrom('versions').where('no', '=', integer('no')).select('start_spec'),
);

/** Incomplete versions, in creation or interrupted. */
export const unfinishedVersions = statement<Record<string, never>, { no: number; created_at_ms: number }>(
  'unfinishedVersions',
  ({ db }) => db.selectFrom('versions').where('whole', '=', sql.lit(0)).select(['no', 'created_at_ms']),
);

/** Whether a version is still being created; locks it against its end. */
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

/** Deletes an incomplete version; its jobs and edges are deleted after it. */
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

/** Stores new label sets. */
export const ensureLabelSets = statement<{ rows: Rows<typeof labelKeys> }, never>('ensureLabelSets', ({ db, rows }) =>
  db
    .insertInto('label_sets')
    .columns(['labels'])
    .expression((eb) =>
      eb.selectFrom(rows('rows', labelKeys).as('r')).select('r.labels').where(sql<boolean>`true`).orderBy('r.labels'),
    )
    .onConflict((conflict) => conflict.column('labels').doNothing()),
);

export const allLabelSets = statement<{ afterId: number }, { id: number; labels: string }>(
  'allLabelSets',
  ({ db, integer }) =>
    db.selectFrom('label_sets').where('id', '>', integer('afterId')).select(['id', 'labels']).orderBy('id'),
);

/** Label sets by their labels. */
export const labelSetsByLabels = statement<{ rows: Rows<typeof labelKeys> }, { id: number; labels: string }>(
  'labelSetsByLabels',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', labelKeys).as('r'))
      .innerJoin('label_sets as s', 's.labels', 'r.labels')
      .select(['s.id', 's.labels']),
);

/** A job of a definition by its key. */
export const versionJobByKey = statement<{ version: number; key: string }, { ord: number }>(
  'versionJobByKey',
  ({ db, integer, text }) =>
    db
      .selectFrom('version_jobs')
      .where('version', '=', integer('version'))
      .where('key', '=', text('key'))
      .select('ord'),
);

const versionJobKeys = rowSet({ version: 'integer', ord: 'integer' });

/** The specifications of jobs in versions. */
export const versionJobs = statement<
  { rows: Rows<typeof versionJobKeys> },
  { version: number; ord: number; key: string; needs: number; conditional: number; spec: string }
>('versionJobs', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', versionJobKeys).as('r'))
    .innerJoin('version_jobs as v', (join) => join.onRef('v.version', '=', 'r.version').onRef('v.ord', '=', 'r.ord'))
    .select(['v.version', 'v.ord', 'v.key', 'v.needs', 'v.conditional', 'v.spec']),
);
