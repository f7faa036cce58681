import { hash } from 'node:crypto';
import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { DomainError } from '../../domain/errors.js';
import { formatProblem } from '../../domain/problem.js';
import type { Connection } from '../../store/connection.js';
import { lockSchedulesOfWorkflow } from '../../store/statements/schedules.js';
import { hasVersionText, insertVersionText } from '../../store/statements/version-texts.js';
import {
  type CurrentVersionRow,
  currentVersion,
  ensureWorkflow,
  finishVersion,
  insertVersion,
  insertVersionEdges,
  insertVersionJobs,
  lockVersionBeingMade,
  setCurrentVersion,
} from '../../store/statements/workflows.js';
import type { VersionTextTable } from '../../store/tables/definitions.js';
import type { EngineContext } from '../context.js';
import { storeSchedules } from '../schedules/store-schedules.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { checkDefinition } from './check-definition.js';
import type { DefinitionRows } from './definition-rows.js';
import { definitionLimits } from './limits.js';
import { packText } from './version-text.js';

/** A definition and the id to store it under. */
export interface NewDefinition {
  readonly id: string;
  readonly source: 'file' | 'api';
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  /** The file's name, for messages; empty when there is none. */
  readonly file: string;
  /** The id of the caller's token; absent for a file, null where there are no tokens. */
  readonly by?: string | null;
  /** Aborted when the result is no longer needed; ends a check that is under way. */
  readonly signal?: AbortSignal | null;
  /** Whether any worker may run its jobs, whatever their required labels. */
  readonly anyWorker?: boolean;
  /** Set for a workflow that is created once: another definition under its id is refused with `conflict`. */
  readonly once?: boolean;
  /** The version that the text is based on: another current one is refused with `conflict`. Null for any. */
  readonly baseVersion?: number | null;
}

/** What storing the definition did. */
export type Defined = 'new' | 'changed' | 'unchanged';

/**
 * Increased whenever the same text compiles to other rows, so that a newer server recompiles unchanged files. 2:
 * scripts of files run with `set -e`, and jobs fail when their last step did not begin. 3: a file has `inputs`. 4:
 * texts of a file have expressions in them. 5: a file has `defaults`, and jobs a `working-directory`. 7: a file has a
 * `run-name`, and jobs `continue-on-error`. 8: jobs have `retry-on`. 9: a file has schedules.
 */
const compilerVersion = 9;

/**
 * Checks a definition and makes it the current version of its workflow. Existing runs keep the version that they
 * started with. A large definition is written in many short transactions and takes effect with the last. Errors: as
 * `checkDefinition`.
 */
export async function defineWorkflow(context: EngineContext, definition: NewDefinition): Promise<Defined> {
  const { store, labelSets } = context;
  const digest = hash(
    'sha256',
    Buffer.concat([Buffer.from(`${compilerVersion} ${definition.format}\n`), definition.text]),
    'base64url',
  );
  const [before] = await currentVersion.run(store.read, { id: definition.id });
  const isStored = (current: CurrentVersionRow | undefined) => isCurrent(definition, digest, current);
  if (before !== undefined && isStored(before)) {
    await keepText(context, definition, before.version);
    return 'unchanged';
  }

  const rows = await checkDefinition(
    {
      text: definition.text,
      format: definition.format,
      file: definition.file,
      anyWorker: definition.anyWorker ?? false,
    },
    definition.signal ?? null,
  );
  await labelSets.numbersOf(store, rows.labelSets);
  const rootLabelSets = await labelSets.numbersOf(store, rows.rootLabelSets);

  const text = await textRow(definition);

  const entry: AuditDraft = {
    action: before === undefined ? 'workflow.created' : 'workflow.changed',
    subject: definition.id,
    source: definition.source === 'api' ? 'api' : 'workflows-folder',
    actor: definition.by ?? null,
    data: { name: rows.name, jobs: rows.jobCount },
  };
  const begin = async (connection: Connection, databaseNowMs: number | null) => {
    const nowMs = databaseNowMs ?? context.environment.now();
    await lockSchedulesOfWorkflow.run(connection, { id: definition.id });
    const [workflow] = await ensureWorkflow.run(connection, { id: definition.id, source: definition.source, nowMs });
    if (workflow === undefined) throw new Error(`workflow ${definition.id} was not stored`);
    if (isStored(await currentIn(connection, definition.id))) return null;
    const [version] = await insertVersion.run(connection, {
      workflow: workflow.no,
      hash: digest,
      name: rows.name,
      trigger: rows.trigger,
      jobCount: rows.jobCount,
      survivorCount: rows.survivorCount,
      conditionalRoots: rows.conditionalRoots,
      rootLabelSets: JSON.stringify(rootLabelSets),
      startSpec: rows.startSpec,
      nowMs,
    });
    if (version === undefined) throw new Error(`no version of ${definition.id} was stored`);
    await insertVersionText.run(connection, { ...text, version: version.no });
    return { workflow: workflow.no, version: version.no };
  };
  const finish = async (
    connection: Connection,
    databaseNowMs: number | null,
    made: { workflow: number; version: number },
  ) => {
    await lockSchedulesOfWorkflow.run(connection, { id: definition.id });
    // Another server may have stored the same definition in the meantime; then this version stays incomplete and is
    // deleted later.
    await ensureWorkflow.run(connection, { id: definition.id, source: definition.source, nowMs: 0 });
    if (isStored(await currentIn(connection, definition.id))) return false;
    await finishVersion.run(connection, { version: made.version });
    await setCurrentVersion.run(connection, made);
    const nowMs = databaseNowMs ?? context.environment.now();
    await storeSchedules(connection, { no: made.workflow, id: definition.id }, rows.schedules, nowMs);
    await writeAudit(connection, nowMs, [entry]);
    return true;
  };

  const writes = pieceWrites(rows);
  if (writes.length <= definitionLimits.piecesPerTransaction) {
    const isNew = await store.transact(async (connection, databaseNowMs) => {
      const made = await begin(connection, databaseNowMs);
      if (made === null) return false;
      for (const write of writes) await write(connection, made.version);
      return finish(connection, databaseNowMs, made);
    });
    if (!isNew) return 'unchanged';
  } else {
    const made = await store.transact(begin);
    if (made === null) return 'unchanged';
    for (let from = 0; from < writes.length; from += definitionLimits.piecesPerTransaction) {
      await store.transact(async (connection) => {
        const [making] = await lockVersionBeingMade.run(connection, { no: made.version });
        if (making === undefined) throw new Error('an incomplete version was deleted: creating it took too long');
        for (const write of writes.slice(from, from + definitionLimits.piecesPerTransaction))
          await write(connection, made.version);
      });
      await yieldToEventLoop(context);
    }
    const isNew = await store.transact((connection, nowMs) => finish(connection, nowMs, made));
    if (!isNew) return 'unchanged';
  }
  if (rows.schedules.length > 0) context.schedulesChanged.send();
  logAudit(context.log, entry);
  for (const warning of rows.warnings) {
    context.log.warn({ workflow: definition.id }, `workflow "${definition.id}": ${formatProblem(warning)}`);
  }
  return before === undefined ? 'new' : 'changed';
}

/** The workflow's current version, read after its row is locked. */
async function currentIn(connection: Connection, id: string): Promise<CurrentVersionRow | undefined> {
  return (await currentVersion.run(connection, { id }))[0];
}

/** Whether the workflow's current version has the same text. */
function isCurrent(
  { id, once = false, baseVersion = null }: NewDefinition,
  digest: string,
  current: CurrentVersionRow | undefined,
): boolean {
  if (baseVersion !== null && current !== undefined && current.hash !== digest && current.number !== baseVersion) {
    throw new DomainError(
      'conflict',
      `base_version: version ${current.number} of workflow ${id} is current, and the text is based on version ` +
        `${baseVersion}; compare the two, and send the text with base_version ${current.number}`,
    );
  }
  if (!once || current === undefined) return current?.hash === digest && current.removed_at_ms === null;
  if (current.hash === digest) return true;
  throw new DomainError(
    'conflict',
    `request_id: an earlier request with this id created workflow ${id} from another definition; use a new request_id`,
  );
}

/** The row of a definition's text, without its version. */
async function textRow({ source, file, format, by, text }: NewDefinition): Promise<Omit<VersionTextTable, 'version'>> {
  return {
    source,
    file: file === '' ? null : file,
    format,
    created_by: by ?? null,
    bytes: text.byteLength,
    gzip: await packText(text),
  };
}

/** Adds the text to a version that a program stored which kept no texts. */
async function keepText({ store }: EngineContext, definition: NewDefinition, version: number): Promise<void> {
  const [kept] = await hasVersionText.run(store.read, { version });
  if (kept !== undefined) return;
  const row = { ...(await textRow(definition)), version };
  await store.transact((connection) => insertVersionText.run(connection, row));
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
