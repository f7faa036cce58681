import type { Logger } from 'pino';
import type { Environment } from './environment.js';

export interface LoopOptions {
  /** Its name in the log. */
  readonly name: string;
  readonly environment: Environment;
  readonly log: Pick<Logger, 'error'>;
  /** The longest pause between two runs. */
  readonly delayMs: () => number;
  /**
   * One run; `stopping` is aborted when the loop is stopped during it.
   *
   * @returns the time of the next run, if that may be earlier than after `delayMs`
   */
  readonly runOnce: (stopping: AbortSignal) => Promise<number | undefined>;
  /** Called with the end of the pause, before `delayMs` limits it. */
  readonly onPause?: (untilMs: number) => void;
}

/**
 * Runs something repeatedly, with a pause before each run, and never twice at once. It may be stopped before it is
 * started, and twice; a stopped loop stays stopped. A failed run is logged, and the next one follows after a whole
 * pause.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #stopping = new AbortController();
  #isStarted = false;
  #running: Promise<void> | null = null;
  #pausesUntilMs = Number.POSITIVE_INFINITY;
  /** The earliest time that was requested during a run: the run may have been too early to see why. */
  #askedMs = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** @param firstDelayMs the pause before the first run; 0 for none */
  start(firstDelayMs: number = this.#options.delayMs()): void {
    if (this.#isStarted || this.#isStopped) return;
    this.#isStarted = true;
    if (firstDelayMs === 0) this.#run();
    else this.#pause(this.#options.environment.now() + firstDelayMs, firstDelayMs);
  }

  /** Stops the loop and waits for a run that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await this.#running;
  }

  /** Requests a run at this time: the pause ends then, unless it ends earlier. */
  runBy(atMs: number): void {
    if (!this.#isStarted || this.#isStopped) return;
    if (this.#running !== null) this.#askedMs = Math.min(this.#askedMs, atMs);
    else if (atMs < this.#pausesUntilMs) this.#pause(atMs);
  }

  /** One run, apart from those of the loop. */
  async runOnce(): Promise<void> {
    await this.#options.runOnce(this.#stopping.signal);
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #pause(untilMs: number, longestMs: number = this.#options.delayMs()): void {
    const { environment, onPause } = this.#options;
    this.#cancelTimer();
    this.#pausesUntilMs = untilMs;
    onPause?.(untilMs);
    const delayMs = Math.min(Math.max(untilMs - environment.now(), 0), longestMs);
    this.#cancelTimer = environment.after(delayMs, () => this.#run());
  }

  #run(): void {
    if (this.#running !== null || this.#isStopped) return;
    this.#askedMs = Number.POSITIVE_INFINITY;
    const { name, log, runOnce } = this.#options;
    this.#running = runOnce(this.#stopping.signal)
      .catch((error: unknown) => {
        log.error({ err: error }, `${name} failed; retrying at the next interval`);
        return undefined;
      })
      .then((nextMs) => {
        this.#running = null;
        if (!this.#isStopped) this.#pause(Math.min(nextMs ?? Number.POSITIVE_INFINITY, this.#askedMs));
      });
  }
}
