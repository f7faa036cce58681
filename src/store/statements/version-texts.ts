import { sql } from 'kysely';
import { statement } from '../statement.js';
import type { VersionTable, VersionTextTable, WorkflowTable } from '../tables/definitions.js';

/** Stores the text of a version, unless it has one. */
export const insertVersionText = statement<VersionTextTable, never>(
  'insertVersionText',
  ({ db, text, integer, value }) =>
    db
      .insertInto('version_texts')
      .values({
        version: integer('version'),
        source: value('source'),
        file: value('file'),
        format: value('format'),
        created_by: value('created_by'),
        bytes: integer('bytes'),
        gzip: text('gzip'),
      })
      .onConflict((conflict) => conflict.column('version').doNothing()),
);

/** Whether a version has a text: versions of earlier programs have none. */
export const hasVersionText = statement<{ version: number }, { version: number }>('hasVersionText', ({ db, integer }) =>
  db.selectFrom('version_texts').where('version', '=', integer('version')).select('version'),
);

/** Deletes the text of a version that is deleted. */
export const deleteVersionText = statement<{ no: number }, never>('deleteVersionText', ({ db, integer }) =>
  db.deleteFrom('version_texts').where('version', '=', integer('no')),
);

/** The text of a version. */
export const versionText = statement<{ version: number }, { gzip: string }>('versionText', ({ db, integer }) =>
  db.selectFrom('version_texts').where('version', '=', integer('version')).select('gzip'),
);

/** A version for readers; what is null was not stored. */
export interface ListedVersionRow extends Pick<VersionTable, 'number' | 'name' | 'job_count' | 'created_at_ms'> {
  no: number;
  workflow_source: WorkflowTable['source'];
  source: VersionTextTable['source'] | null;
  file: string | null;
  format: VersionTextTable['format'] | null;
  bytes: number | null;
  created_by: string | null;
  created_by_name: string | null;
}

/** The complete versions of a workflow below a number, newest first. */
export const versionsBefore = statement<{ workflow: number; before: number; limit: number }, ListedVersionRow>(
  'versionsBefore',
  ({ db, integer }) =>
    db
      .selectFrom('versions as v')
      .innerJoin('workflows as w', 'w.no', 'v.workflow')
      .leftJoin('version_texts as t', 't.version', 'v.no')
      .where('v.workflow', '=', integer('workflow'))
      .where('v.number', '<', integer('before'))
      .where('v.whole', '=', sql.lit(1))
      .orderBy('v.number', 'desc')
      .limit(integer('limit'))
      .select([
        'v.no',
        'v.number',
        'v.name',
        'v.job_count',
        'v.created_at_ms',
        'w.source as workflow_source',
        't.source',
        't.file',
        't.format',
        't.bytes',
        't.created_by',
        sql<string | null>`(select o.name from tokens as o where o.id = t.created_by)`.as('created_by_name'),
      ]),
);
