import { isTemporary } from '../errors.js';
import { Heartbeats } from '../heartbeats/heartbeats.js';
import { USER_AGENT } from '../http/user-agent.js';
import { sleep } from '../sleep.js';
import type { WorkerDescription } from '../transport.js';
import type { Claim } from '../wire.js';
import { Attempt } from './attempt.js';
import { Backoff } from './backoff.js';
import { ChosenTransport } from './chosen-transport.js';
import { settingsOf, type WorkerOptions, type WorkerSettings } from './options.js';
import { ServerPresence } from './presence.js';
import { stopOnSignals } from './signals.js';
import { Slots } from './slots.js';

/**
 * Claims jobs from a server and runs them.
 *
 * Several workers can live in one process. A worker runs once: make a new one to start again.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #transport: ChosenTransport;
  readonly #presence: ServerPresence;
  readonly #slots: Slots<Attempt>;
  readonly #stopping = new AbortController();
  #heartbeats: Heartbeats | null = null;
  #run: Promise<void> | null = null;

  /** Throws a RangeError or TypeError that names an option that cannot be. */
  constructor(options: WorkerOptions = {}) {
    this.#settings = settingsOf(options);
    this.#transport = new ChosenTransport({ ...this.#settings, onFallback: (why) => this.#fallBack(why) });
    this.#presence = new ServerPresence(this.#settings.serverUrl, this.#settings.logger);
    this.#slots = new Slots(this.#settings.slots);
  }

  get workerId(): string {
    return this.#settings.workerId;
  }

  /** How many jobs run now. */
  get running(): number {
    return this.#slots.running.length;
  }

  /**
   * Works until the signal, or `stop`, and resolves when the last job has ended and its result is with the server.
   *
   * A server that is away is waited for. Throws a WorkflowGraphError when the server refuses the worker, such as for
   * its token.
   */
  run(signal?: AbortSignal): Promise<void> {
    if (this.#run !== null) throw new Error(`worker ${this.workerId} was started already`);
    if (signal?.aborted) this.#stopping.abort();
    const stop = () => void this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    this.#run = this.#work().finally(() => signal?.removeEventListener('abort', stop));
    return this.#run;
  }

  /**
   * As `run`, until SIGTERM or SIGINT: the first drains as `stop` does, the second ends the running jobs as `terminate`
   * does, the third ends this process. Several workers may wait for the same signals.
   */
  async runUntilSignal(): Promise<void> {
    const unfollow = stopOnSignals(this);
    try {
      await this.run();
    } finally {
      unfollow();
    }
  }

  /**
   * Takes no new jobs and lets the running ones finish, for the drain timeout at most; those left are then ended and
   * reported as failures that may be retried. Resolves when `run` has.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // Whoever awaits `run` is told why it failed.
    await this.#run?.catch(() => {});
  }

  /** Like `stop`, but ends the running jobs now: they are asked to end, and after the grace forced to. */
  async terminate(): Promise<void> {
    this.#stopping.abort();
    for (const attempt of this.#slots.running) attempt.stop('stopped');
    await this.stop();
  }

  async #work(): Promise<void> {
    const { logger } = this.#settings;
    const failed = new AbortController();
    const heartbeats = this.#startHeartbeats(failed);
    this.#heartbeats = heartbeats;
    try {
      await this.#register();
      await this.#takeJobs(heartbeats, failed.signal);
    } finally {
      await this.#drain();
      await heartbeats.stop();
      this.#transport.close();
      logger({ type: 'stopped' });
    }
    failed.signal.throwIfAborted();
  }

  #startHeartbeats(failed: AbortController): Heartbeats {
    const { serverUrl, token, ca, workerId, transport, heartbeatIntervalMs: intervalMs } = this.#settings;
    return new Heartbeats(
      { serverUrl, token, ca, workerId, transport, userAgent: USER_AGENT, intervalMs },
      {
        // A refusal ends the claim loop, which meets it too.
        unknownWorker: () => void this.#register().catch(() => {}),
        away: (code) => this.#presence.away(code),
        back: () => this.#presence.back(),
        crashed: (error) => {
          failed.abort(error);
          for (const attempt of this.#slots.running) attempt.stop('stopped');
        },
      },
    );
  }

  async #register(): Promise<void> {
    const { workerId, labels, slots, logger, serverUrl } = this.#settings;
    const backoff = new Backoff();
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#transport.register(this.#description);
        this.#presence.back();
        logger({ type: 'registered', workerId, serverUrl, labels, slots });
        return;
      } catch (error) {
        if (!isTemporary(error)) throw error;
        this.#presence.away(error);
      }
      await sleep(backoff.nextMs(), this.#stopping.signal);
    }
  }

  get #description(): WorkerDescription {
    const { workerId, labels, slots } = this.#settings;
    return { workerId, labels, slots, version: USER_AGENT };
  }

  async #takeJobs(heartbeats: Heartbeats, failed: AbortSignal): Promise<void> {
    const { leaseTtlSecs, waitSecs } = this.#settings;
    await this.#transport.takeJobs({
      worker: this.#description,
      leaseTtlSecs,
      waitSecs,
      slots: this.#slots,
      presence: this.#presence,
      start: (claim) => this.#start(claim, heartbeats),
      cancelled: (leaseId) => heartbeats.tell(leaseId, 'cancelled'),
      lost: (leaseId) => heartbeats.tell(leaseId, 'lost'),
      register: () => this.#register(),
      signal: AbortSignal.any([this.#stopping.signal, failed]),
    });
  }

  #fallBack(why: string): void {
    this.#heartbeats?.useHttp();
    this.#settings.logger({ type: 'warning', message: `no stream: ${why}; working over plain HTTP` });
  }

  #start(claim: Claim, heartbeats: Heartbeats): void {
    const attempt = new Attempt(claim, {
      ...this.#settings,
      transport: this.#transport,
      presence: this.#presence,
      heartbeats,
    });
    this.#slots.fill(attempt, attempt.run());
  }

  async #drain(): Promise<void> {
    const { drainTimeoutMs, logger } = this.#settings;
    this.#stopping.abort();
    logger({ type: 'draining', running: this.running, timeoutMs: drainTimeoutMs });
    const timer = setTimeout(() => {
      for (const attempt of this.#slots.running) attempt.stop('stopped');
    }, drainTimeoutMs);
    await this.#slots.idle();
    clearTimeout(timer);
  }
}
