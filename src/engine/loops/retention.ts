import { pruneAuditOperation } from '../audit.js';
import type { EngineContext } from '../context.js';
import { type PruneBefore, pruneOperation, restAfter } from '../prune.js';

/** How long what has ended is kept, in milliseconds; null for ever. */
export interface Retention {
  readonly runsMs: number | null;
  readonly logsMs: number | null;
  /** How long it is kept who did what. */
  readonly auditMs: number | null;
}

/** How often it looks for what is old. */
const everyMs = 10 * 60_000;

/** When it looks first after the start. */
const firstMs = 20;

/** Takes away runs, and before them their logs, that ended longer ago than they are kept. */
export class RetentionLoop {
  readonly #context: EngineContext;
  readonly #retention: Retention;
  readonly #operation = pruneOperation();
  readonly #auditOperation = pruneAuditOperation();
  #cancelTimer: () => void = () => {};
  #stopped = true;
  #running: Promise<void> = Promise.resolve();

  constructor(context: EngineContext, retention: Retention) {
    this.#context = context;
    this.#retention = retention;
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(firstMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#context.environment.after(delayMs, () => {
      const startedMs = this.#context.environment.now();
      this.#running = this.runOnce().then(
        ({ more }) => this.#schedule(more ? restAfter(this.#context.environment.now() - startedMs) : everyMs),
        (error: unknown) => {
          this.#context.log.error({ err: error }, 'pruning failed; trying again later');
          this.#schedule(everyMs);
        },
      );
    });
  }

  /** Takes away a few rows. */
  async runOnce(): Promise<{ more: boolean }> {
    const { writer, environment } = this.#context;
    const nowMs = environment.now();
    const { runs, more } = await writer.submit(this.#operation, cutOff(this.#retention, nowMs));
    if (runs > 0) this.#context.log.debug({ runs }, 'runs were pruned');
    const { auditMs } = this.#retention;
    // The trail is looked at when the runs are done: in every step it would cost each of them another commit.
    if (more || auditMs === null) return { more };
    return { more: await writer.submit(this.#auditOperation, { beforeMs: nowMs - auditMs }) };
  }
}

/** Before when what ended is taken away. */
function cutOff({ runsMs, logsMs }: Omit<Retention, 'auditMs'>, nowMs: number): PruneBefore {
  return { runsMs: runsMs === null ? 0 : nowMs - runsMs, logsMs: logsMs === null ? 0 : nowMs - logsMs };
}
