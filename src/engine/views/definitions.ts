import { notFound } from '../../domain/errors.js';
import { type ListedVersionRow, versionsBefore, versionText } from '../../store/statements/version-texts.js';
import { currentVersion } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { unpackText } from '../definitions/version-text.js';
import type { BrokenFile } from '../memory/broken-files.js';
import { readPageToken, writePageToken } from './page-token.js';

/** A version of a definition without its text. What is null was not stored, or does not apply. */
export interface DefinitionVersionView {
  readonly workflowId: string;
  readonly number: number;
  readonly name: string;
  readonly jobs: number;
  readonly source: 'file' | 'api';
  readonly file: string | null;
  readonly format: 'yaml' | 'json' | null;
  readonly bytes: number | null;
  readonly createdAtMs: number;
  /** The name of the token, or its id if it was deleted. */
  readonly createdBy: string | null;
}

export interface DefinitionView {
  readonly version: DefinitionVersionView;
  /** Null for a version of a program that stored no texts. */
  readonly text: string | null;
  readonly currentVersion: number;
  /** The workflow's file, if it could not be loaded since. */
  readonly broken: BrokenFile | null;
}

export interface VersionQuery {
  readonly workflow: string;
  readonly limit: number;
  /** The `nextPageToken` of the previous page; empty for the first. */
  readonly pageToken: string;
}

export interface VersionPage {
  readonly versions: readonly DefinitionVersionView[];
  readonly currentVersion: number;
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** The verbs that read definitions and their versions. */
export function definitionViews({ store, brokenFiles }: EngineContext) {
  return {
    /** A version with its text; the current one without a number. Errors: `not_found`. */
    async definition(workflow: string, number: number | null): Promise<DefinitionView> {
      const current = await currentOf(workflow);
      const wanted = number ?? current.number;
      const before = { workflow: current.workflow, before: wanted + 1, limit: 1 };
      const [row] = await versionsBefore.run(store.read, before);
      if (row === undefined || row.number !== wanted) {
        throw notFound(`version ${wanted} of workflow ${JSON.stringify(workflow)}`);
      }
      const [stored] = await versionText.run(store.longRead, { version: row.no });
      return {
        version: toView(workflow, row),
        text: stored === undefined ? null : await unpackText(stored.gzip),
        currentVersion: current.number,
        broken: brokenFiles.get(workflow),
      };
    },

    /** Newest first. Errors: `not_found`; `malformed` for an invalid page token. */
    async listVersions({ workflow, limit, pageToken }: VersionQuery): Promise<VersionPage> {
      const current = await currentOf(workflow);
      const before = readPageToken(pageToken) ?? Number.MAX_SAFE_INTEGER;
      const rows = await versionsBefore.run(store.read, { workflow: current.workflow, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        versions: page.map((row) => toView(workflow, row)),
        currentVersion: current.number,
        nextPageToken: rows.length > limit && last !== undefined ? writePageToken(last.number) : '',
      };
    },
  };

  async function currentOf(id: string) {
    const [current] = await currentVersion.run(store.read, { id });
    if (current === undefined) throw notFound(`workflow ${JSON.stringify(id)}`);
    return current;
  }
}

function toView(workflowId: string, row: ListedVersionRow): DefinitionVersionView {
  return {
    workflowId,
    number: row.number,
    name: row.name,
    jobs: row.job_count,
    source: row.source ?? row.workflow_source,
    file: row.file,
    format: row.format,
    bytes: row.bytes,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by_name ?? row.created_by,
  };
}
