import type { PauseKind } from '../../domain/gates/pause.js';
import type { Connection } from '../../store/connection.js';
import { insertAudit } from '../../store/statements/audit.js';
import type { Log } from '../../telemetry/log.js';

/** An audit entry, written in the transaction of the action that it records. */
export interface AuditDraft {
  readonly action:
    | 'token.created'
    | 'token.revoked'
    | 'session.started'
    | 'session.ended'
    | 'workflow.created'
    | 'workflow.changed'
    | 'workflow.removed'
    | 'run.started'
    | 'run.cancel_requested'
    | 'run.rerun'
    | 'schedule.skipped'
    | 'schedule.paused'
    | 'schedule.resumed'
    | `${PauseKind}.paused`
    | `${PauseKind}.resumed`
    | 'worker.drained'
    | 'worker.undrained'
    | 'backfill.created'
    | 'backfill.cancelled'
    | 'variable.set'
    | 'variable.deleted';
  /** The id of the token, workflow, run or worker, the name of the variable, or the label. */
  readonly subject: string;
  readonly source: 'api' | 'command-line' | 'workflows-folder' | 'schedule' | 'timeout';
  /** The id of the acting token; null where there was none. */
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Stores audit entries; called in the transaction of the actions. */
export async function writeAudit(connection: Connection, nowMs: number, drafts: readonly AuditDraft[]): Promise<void> {
  if (drafts.length === 0) return;
  await insertAudit.run(connection, {
    rows: drafts.map(({ action, subject, source, actor, data }) => ({
      at_ms: nowMs,
      action,
      subject,
      source,
      actor,
      data: Object.keys(data).length === 0 ? null : JSON.stringify(data),
    })),
  });
}

/** Logs audit entries. Starts of runs are logged at the level of debug, because they come by the thousand. */
export function logAudit(log: Log, { action, subject, source, actor, data }: AuditDraft): void {
  const entry = { audit: action, subject, source, actor, ...data };
  if (action === 'run.started') log.debug(entry, `audit: ${action}`);
  else log.info(entry, `audit: ${action}`);
}
