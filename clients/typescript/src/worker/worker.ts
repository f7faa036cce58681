import type { Drain } from '../drain.js';
import { isTemporary } from '../errors.js';
import { Heartbeats } from '../heartbeats/heartbeats.js';
import { USER_AGENT } from '../http/user-agent.js';
import { sweepWorkspaces } from '../shell/fresh-workspace.js';
import { sleep } from '../sleep.js';
import type { WorkerDescription } from '../transport.js';
import { VERSION } from '../version.js';
import type { Claim } from '../wire.js';
import { Attempt } from './attempt.js';
import { Backoff } from './backoff.js';
import { ChosenTransport } from './chosen-transport.js';
import { warningOfNewerServer } from './newer-server.js';
import { settingsOf, type WorkerOptions, type WorkerSettings } from './options.js';
import { ServerPresence } from './presence.js';
import { stopOnSignals } from './signals.js';
import { Slots } from './slots.js';

/**
 * Claims jobs from a server and runs them.
 *
 * One process can run several workers. A worker runs once: create a new one to start again.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #transport: ChosenTransport;
  readonly #presence: ServerPresence;
  readonly #slots: Slots<Attempt>;
  readonly #stopping = new AbortController();
  /** Ends the worker with an error after its running jobs have ended. */
  readonly #failed = new AbortController();
  readonly #returned: Promise<void>[] = [];
  #heartbeats: Heartbeats | null = null;
  #run: Promise<void> | null = null;
  /** The server's drain of this worker. */
  #drained: Drain | null = null;

  /** Throws a RangeError or TypeError that names an invalid option. */
  constructor(options: WorkerOptions = {}) {
    this.#settings = withVersionCheck(settingsOf(options), options.software);
    this.#transport = new ChosenTransport({ ...this.#settings, onFallback: (why) => this.#fallBack(why) });
    this.#presence = new ServerPresence(this.#settings.serverUrl, this.#settings.logger);
    this.#slots = new Slots(this.#settings.slots);
    this.#slots.onFreed(() => this.#stopIfDrained());
  }

  get workerId(): string {
    return this.#settings.workerId;
  }

  /** The number of running jobs. */
  get running(): number {
    return this.#slots.running.length;
  }

  /**
   * Runs until the signal, or `stop`, and resolves when the last job has ended and the server has its result.
   *
   * Waits while the server is unavailable. Throws a WorkflowGraphError if the server refuses the worker, for example
   * because of its token, and an Error if the working directory of shell jobs is missing.
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
   * Like `run`, until SIGTERM or SIGINT: the first drains like `stop`, the second ends the running jobs like
   * `terminate`, the third ends this process. Several workers can wait for the same signals.
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
   * Takes no new jobs and lets the running ones finish within the drain timeout; it then ends the remaining ones and
   * reports them as retryable failures. Resolves when `run` does.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // The caller of `run` gets the error.
    await this.#run?.catch(() => {});
  }

  /** Like `stop`, but ends the running jobs now: it asks them to stop, and kills them after the grace period. */
  async terminate(): Promise<void> {
    this.#stopping.abort();
    for (const attempt of this.#slots.running) attempt.stop('stopped');
    await this.stop();
  }

  async #work(): Promise<void> {
    const { executor, logger, startFault } = this.#settings;
    const fault = startFault();
    if (fault !== null) throw new Error(fault);
    if (executor.features?.includes('feature:workspace')) void sweepWorkspaces();
    const heartbeats = this.#startHeartbeats();
    this.#heartbeats = heartbeats;
    try {
      await this.#register();
      await this.#takeJobs(heartbeats);
    } finally {
      await this.#drain();
      await heartbeats.stop();
      this.#transport.close();
      logger({ type: 'stopped' });
    }
    this.#failed.signal.throwIfAborted();
  }

  #startHeartbeats(): Heartbeats {
    const { serverUrl, authorization, ca, workerId, transport, heartbeatIntervalMs: intervalMs } = this.#settings;
    return new Heartbeats(
      { serverUrl, authorization, ca, workerId, transport, userAgent: USER_AGENT, intervalMs },
      {
        // A refusal also reaches the claim loop, which ends.
        drain: (drain) => this.#beDrained(drain),
        unknownWorker: () => void this.#register().catch(() => {}),
        away: (code) => this.#presence.away(code),
        back: () => this.#presence.back(),
        crashed: (error) => {
          this.#failed.abort(error);
          for (const attempt of this.#slots.running) attempt.stop('stopped');
        },
      },
      this.#settings.heartbeatThread,
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
    const { workerId, labels, onlyLabelled, slots, executor } = this.#settings;
    const offered = [...labels, ...(executor.features ?? [])];
    return { workerId, labels: offered, onlyLabelled, slots, version: USER_AGENT };
  }

  async #takeJobs(heartbeats: Heartbeats): Promise<void> {
    const { leaseTtlSecs, waitSecs } = this.#settings;
    await this.#transport.takeJobs({
      worker: this.#description,
      leaseTtlSecs,
      waitSecs,
      slots: this.#slots,
      presence: this.#presence,
      start: (claim) => this.#start(claim, heartbeats),
      stop: (leaseId, stop) => heartbeats.stopJob(leaseId, stop),
      lost: (leaseId) => heartbeats.loseLease(leaseId),
      drain: (drain) => this.#beDrained(drain),
      register: () => this.#register(),
      signal: AbortSignal.any([this.#stopping.signal, this.#failed.signal]),
    });
  }

  /** The server gives no jobs; with `stop`, this worker ends when the running ones have ended. */
  #beDrained(drain: Drain | null): void {
    if (drain?.stop === this.#drained?.stop) return;
    this.#drained = drain;
    this.#settings.logger({ type: 'warning', message: drainText(drain) });
    this.#stopIfDrained();
  }

  #stopIfDrained(): void {
    if (this.#drained?.stop === true && this.running === 0) this.#stopping.abort();
  }

  #fallBack(why: string): void {
    this.#heartbeats?.useHttp();
    this.#settings.logger({ type: 'warning', message: `no stream: ${why}; working over plain HTTP` });
  }

  #start(claim: Claim, heartbeats: Heartbeats): void {
    const fault = this.#settings.startFault();
    if (fault !== null) {
      this.#return(claim, fault);
      return;
    }
    const attempt = new Attempt(claim, {
      ...this.#settings,
      transport: this.#transport,
      presence: this.#presence,
      heartbeats,
    });
    this.#slots.fill(attempt, attempt.run());
  }

  /** The worker can start no job. It releases this one instead of failing it and the next ones, and ends. */
  #return(claim: Claim, fault: string): void {
    this.#failed.abort(new Error(fault));
    // If the server cannot be reached, the job is requeued when its lease expires.
    this.#returned.push(this.#transport.release(claim.lease.lease_id).catch(() => {}));
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
    await Promise.all(this.#returned);
  }
}

function drainText(drain: Drain | null): string {
  if (drain === null) return 'the drain of this worker was undone: it gets jobs again';
  return drain.stop
    ? 'the server drains this worker: it gets no jobs, and stops when no job is running'
    : 'the server drains this worker: it gets no jobs until the drain is undone';
}

function withVersionCheck(settings: WorkerSettings, software: WorkerOptions['software']): WorkerSettings {
  if (software === null) return settings;
  const update = `the server has this library at ${settings.serverUrl}/clients/`;
  const checked = software ?? { version: VERSION, update };
  return { ...settings, logger: warningOfNewerServer(settings.logger, settings, checked) };
}
