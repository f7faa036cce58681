import { Loop } from '../../environment/loop.js';
import type { EngineContext } from '../context.js';
import { type PruneBefore, pruneOperation, restAfter } from '../runs/prune.js';
import { pruneAuditOperation } from '../runs/prune-audit.js';

/** Retention of what has ended, in milliseconds; null keeps it for ever. */
export interface Retention {
  readonly runsMs: number | null;
  readonly logsMs: number | null;
  /** Retention of audit entries. */
  readonly auditMs: number | null;
}

/** Interval of the search for what has expired. */
const everyMs = 10 * 60_000;

/** Delay of the first search after the start. */
const firstMs = 20;

/** Deletes runs, and before them their logs, whose retention is over. */
export function retentionLoop(context: EngineContext, retention: Retention): { start(): void; stop(): Promise<void> } {
  const { writer, environment, log } = context;
  const operation = pruneOperation();
  const auditOperation = pruneAuditOperation();
  const loop = new Loop({
    name: 'pruning',
    environment,
    log,
    delayMs: () => everyMs,
    async runOnce() {
      const startedMs = environment.now();
      const more = await prune(startedMs);
      if (!more) return undefined;
      const nowMs = environment.now();
      return nowMs + restAfter(nowMs - startedMs);
    },
  });
  return { start: () => loop.start(firstMs), stop: () => loop.stop() };

  /** Deletes a few rows. Returns whether more are left. */
  async function prune(nowMs: number): Promise<boolean> {
    const { runs, more } = await writer.submit(operation, cutOff(retention, nowMs));
    if (runs > 0) log.debug({ runs }, 'runs were pruned');
    const { auditMs } = retention;
    // The audit log is pruned after the runs: in every step it would cost each of them another commit.
    if (more || auditMs === null) return more;
    return writer.submit(auditOperation, { beforeMs: nowMs - auditMs });
  }
}

/** The latest end time of what is deleted. */
function cutOff({ runsMs, logsMs }: Omit<Retention, 'auditMs'>, nowMs: number): PruneBefore {
  return { runsMs: runsMs === null ? 0 : nowMs - runsMs, logsMs: logsMs === null ? 0 : nowMs - logsMs };
}
