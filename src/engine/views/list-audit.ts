import { auditBefore } from '../../store/statements/audit.js';
import type { EngineContext } from '../context.js';
import { runIdOfPrefix } from '../runs/find-run.js';
import { viewLimits } from './limits.js';
import { readPageToken, writePageToken } from './page-token.js';

export interface AuditQuery {
  readonly limit: number;
  /** The `nextPageToken` of the previous page; empty for the first. */
  readonly pageToken: string;
  /** Only this action; empty for all. */
  readonly action: string;
  /** Only entries about the token, workflow or run with this id, or the run whose id starts with it; empty for all. */
  readonly subject: string;
}

export interface AuditPage {
  readonly events: readonly AuditEventView[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface AuditEventView {
  readonly atMs: number;
  readonly action: string;
  readonly subject: string;
  readonly source: string;
  /** The name of the acting token, and its id. */
  readonly actor: string | null;
  readonly actorId: string | null;
  /** As JSON text. */
  readonly data: string | null;
}

/** Reads entries, newest first. Errors: `malformed` for an invalid page token, and for a prefix of several run ids. */
export function listAuditVerb(context: EngineContext) {
  const { store } = context;

  /** The id that entries name: the given one, unless only a run's id starts with it. */
  async function wholeId(subject: string): Promise<string> {
    if (subject === '') return '';
    const newest = { before: Number.MAX_SAFE_INTEGER, action: '', subject, limit: 1 };
    if ((await auditBefore.run(store.longRead, newest)).length > 0) return subject;
    return (await runIdOfPrefix(context, subject)) ?? subject;
  }

  return async ({ limit, pageToken, action, subject: given }: AuditQuery): Promise<AuditPage> => {
    const subject = await wholeId(given);
    const events: AuditEventView[] = [];
    let before = readPageToken(pageToken) ?? Number.MAX_SAFE_INTEGER;
    // Entries hold data of callers, so their length bounds the page too; its token marks where it ended.
    for (let chars = 0; events.length < limit && chars < viewLimits.auditPageBytes; ) {
      const wanted = Math.min(viewLimits.auditEntriesPerQuery, limit - events.length);
      const rows = await auditBefore.run(store.longRead, { before, action, subject, limit: wanted });
      for (const row of rows) {
        events.push({
          atMs: row.at_ms,
          action: row.action,
          subject: row.subject,
          source: row.source,
          actor: row.actor_name,
          actorId: row.actor,
          data: row.data,
        });
        chars += row.data?.length ?? 0;
        before = row.no;
      }
      if (rows.length < wanted) return { events, nextPageToken: '' };
    }
    return { events, nextPageToken: writePageToken(before) };
  };
}
