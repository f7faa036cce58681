import { hash } from 'node:crypto';
import type { DefinitionFormat } from '../domain/definition/definition.js';
import type { Connection } from '../store/connection.js';
import {
  currentVersion,
  ensureWorkflow,
  finishVersion,
  insertVersion,
  insertVersionEdges,
  insertVersionJobs,
  lockVersionBeingMade,
  setCurrentVersion,
} from '../store/statements/workflows.js';
import { type AuditDraft, logAudit, writeAudit } from './audit.js';
import { checkDefinition } from './check-definition.js';
import type { EngineContext } from './context.js';
import type { DefinitionRows } from './definition-rows.js';

/** A definition to be stored under an id. */
export interface NewDefinition {
  readonly id: string;
  readonly source: 'file' | 'api';
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  /** The file's name, for messages; empty when there is none. */
  readonly file: string;
  /** The id of the token that it came with; absent for a file, null where there are no tokens. */
  readonly by?: string | null;
}

/** What became of it. */
export type Defined = 'new' | 'changed' | 'unchanged';

/** How many pieces of rows one transaction takes: few enough that claims do not wait for it. */
const piecesPerTransaction = 2;

/**
 * Checks a definition and makes it the current version of its workflow. Runs that exist keep the version that they began
 * with. A large one is written in many short transactions, and counts only when the last is on disk.
 * Errors: as `checkDefinition`.
 */
export async function defineWorkflow(context: EngineContext, definition: NewDefinition): Promise<Defined> {
  const { store, labelSets } = context;
  const digest = hash('sha256', Buffer.concat([Buffer.from(`${definition.format}\n`), definition.text]), 'base64url');
  const [before] = await currentVersion.run(store.read, { id: definition.id });
  if (before?.hash === digest && before.removed_at_ms === null) return 'unchanged';

  const rows = await checkDefinition({ text: definition.text, format: definition.format, file: definition.file });
  await labelSets.numbersOf(store, rows.labelSets, context.tellOfLabelSets);
  const rootLabelSets = await labelSets.numbersOf(store, rows.rootLabelSets, context.tellOfLabelSets);

  const entry: AuditDraft = {
    action: before === undefined ? 'workflow.created' : 'workflow.changed',
    subject: definition.id,
    source: definition.source === 'api' ? 'api' : 'workflows-folder',
    actor: definition.by ?? null,
    data: { name: rows.name, jobs: rows.jobCount },
  };
  const begin = async (connection: Connection) => {
    const nowMs = context.environment.now();
    const [workflow] = await ensureWorkflow.run(connection, { id: definition.id, source: definition.source, nowMs });
    if (workflow === undefined) throw new Error(`workflow ${definition.id} was not stored`);
    if (await isCurrent(connection, definition.id, digest)) return null;
    const [version] = await insertVersion.run(connection, {
      workflow: workflow.no,
      hash: digest,
      name: rows.name,
      trigger: rows.trigger,
      jobCount: rows.jobCount,
      survivorCount: rows.survivorCount,
      conditionalRoots: rows.conditionalRoots,
      rootLabelSets: JSON.stringify(rootLabelSets),
      nowMs,
    });
    if (version === undefined) throw new Error(`no version of ${definition.id} was stored`);
    return { workflow: workflow.no, version: version.no };
  };
  const finish = async (connection: Connection, made: { workflow: number; version: number }) => {
    // Another server may have stored the same meanwhile; then this version stays a fragment, to be deleted.
    await ensureWorkflow.run(connection, { id: definition.id, source: definition.source, nowMs: 0 });
    if (await isCurrent(connection, definition.id, digest)) return false;
    await finishVersion.run(connection, { version: made.version });
    await setCurrentVersion.run(connection, made);
    await writeAudit(connection, context.environment.now(), [entry]);
    return true;
  };

  const writes = pieceWrites(rows);
  if (writes.length <= piecesPerTransaction) {
    const isNew = await store.transact(async (connection) => {
      const made = await begin(connection);
      if (made === null) return false;
      for (const write of writes) await write(connection, made.version);
      return finish(connection, made);
    });
    if (!isNew) return 'unchanged';
  } else {
    const made = await store.transact(begin);
    if (made === null) return 'unchanged';
    for (let from = 0; from < writes.length; from += piecesPerTransaction) {
      await store.transact(async (connection) => {
        const [making] = await lockVersionBeingMade.run(connection, { no: made.version });
        if (making === undefined) throw new Error('a version that was being made is gone: it took too long');
        for (const write of writes.slice(from, from + piecesPerTransaction)) await write(connection, made.version);
      });
      await othersTurn(context);
    }
    if (!(await store.transact((connection) => finish(connection, made)))) return 'unchanged';
  }
  logAudit(context.log, entry);
  return before === undefined ? 'new' : 'changed';
}

/** Whether the workflow's current version was made of the same text. To be asked when the workflow's row is locked. */
async function isCurrent(connection: Connection, id: string, digest: string): Promise<boolean> {
  const [current] = await currentVersion.run(connection, { id });
  return current?.hash === digest && current.removed_at_ms === null;
}

function pieceWrites(rows: DefinitionRows): ((connection: Connection, version: number) => Promise<unknown>)[] {
  return [
    ...rows.jobs.map(
      (text) => (connection: Connection, version: number) => insertVersionJobs.run(connection, { version, rows: text }),
    ),
    ...rows.edges.map(
      (text) => (connection: Connection, version: number) =>
        insertVersionEdges.run(connection, { version, rows: text }),
    ),
  ];
}

/** Lets the event loop serve others between two pieces of long work. */
export function othersTurn(context: EngineContext): Promise<void> {
  return new Promise((resolve) => context.environment.nextTurn(resolve));
}
