import type { Connection } from '../store/connection.js';
import { auditBefore, deleteAuditUpTo, insertAudit, oldestAudit } from '../store/statements/audit.js';
import type { EngineContext } from './context.js';
import type { AuditPage, AuditQuery } from './engine.js';
import { readPageToken, writePageToken } from './page-token.js';
import type { Operation } from './writer.js';

/** What somebody did, to be written in the transaction that does it. */
export interface AuditDraft {
  readonly action:
    | 'token.created'
    | 'token.revoked'
    | 'workflow.created'
    | 'workflow.changed'
    | 'workflow.removed'
    | 'run.started'
    | 'run.cancel_requested';
  /** The id of the token, workflow or run. */
  readonly subject: string;
  readonly source: 'api' | 'command-line' | 'workflows-folder';
  /** The id of the token that it was done with; null where there was none. */
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Writes entries down; to be called in the transaction of what they tell of. */
export async function writeAudit(connection: Connection, nowMs: number, drafts: readonly AuditDraft[]): Promise<void> {
  if (drafts.length === 0) return;
  await insertAudit.run(connection, {
    rows: drafts.map(({ action, subject, source, actor, data }) => [
      nowMs,
      action,
      subject,
      source,
      actor,
      Object.keys(data).length === 0 ? null : JSON.stringify(data),
    ]),
  });
}

/** Says in the log what was written down. Runs begin by the thousand, so that these are said at the level of debug. */
export function logAudit(log: EngineContext['log'], { action, subject, source, actor, data }: AuditDraft): void {
  const entry = { audit: action, subject, source, actor, ...data };
  if (action === 'run.started') log.debug(entry, `audit: ${action}`);
  else log.info(entry, `audit: ${action}`);
}

/** Reads entries, newest first. Errors: `malformed` for a page token that was never given. */
export function listAuditVerb({ store }: EngineContext) {
  return async ({ limit, pageToken, action, subject }: AuditQuery): Promise<AuditPage> => {
    const before = readPageToken(pageToken) ?? Number.MAX_SAFE_INTEGER;
    const rows = await auditBefore.run(store.longRead, { before, action, subject, limit });
    const last = rows.at(-1);
    return {
      events: rows.map((row) => ({
        atMs: row.at_ms,
        action: row.action,
        subject: row.subject,
        source: row.source,
        actor: row.actor_name,
        actorId: row.actor,
        data: row.data,
      })),
      nextPageToken: last !== undefined && rows.length === limit ? writePageToken(last.no) : '',
    };
  };
}

/** How many entries are taken away at once. */
const auditAtOnce = 500;

/** Takes away a few old entries; answers whether there may be more. */
export function pruneAuditOperation(): Operation<{ readonly beforeMs: number }, boolean> {
  return {
    name: 'prune-audit',
    rank: 96,
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answers: boolean[] = [];
      for (const { beforeMs } of inputs) {
        const oldest = await oldestAudit.run(batch.connection, { limit: auditAtOnce });
        const young = oldest.findIndex(({ at_ms }) => at_ms >= beforeMs);
        const last = oldest.at(young === -1 ? -1 : young - 1);
        if (young !== 0 && last !== undefined) await deleteAuditUpTo.run(batch.connection, { no: last.no });
        answers.push(young === -1 && oldest.length === auditAtOnce);
      }
      return answers;
    },
  };
}
