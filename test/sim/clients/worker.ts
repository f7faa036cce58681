import type { ClaimedJob, ClaimJobs, NewLogChunk } from '../../../src/engine/engine.js';
import type { EndOfJob } from '../calls.js';
import { allLabels } from '../model/definitions.js';
import { exitCodes } from '../model/keys.js';
import { drawList } from '../model/matrix.js';
import type { Answer } from '../network.js';
import type { Parts } from '../parts.js';
import { Client } from './client.js';
import { tellLies } from './lies.js';

/** How a worker gets its jobs. */
export type Style = 'poll' | 'long poll' | 'session';

/** What is wrong with a worker. */
export type Temper = 'good' | 'slow' | 'crashing' | 'frozen' | 'lying' | 'skewed' | 'giving back';

export interface WorkerProfile {
  readonly id: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly credential: string | null;
  readonly style: Style;
  readonly temper: Temper;
  readonly ttlSecs: number | null;
  readonly slots: number;
}

/** What workers of every style do with a job. */
export abstract class Worker extends Client {
  readonly profile: WorkerProfile;
  /** Leases whose jobs it was told to stop, and what to call when one is added. */
  readonly #stops = new Set<string>();
  readonly #onStop = new Map<string, () => void>();

  constructor(parts: Parts, profile: WorkerProfile) {
    super(parts, profile.id);
    this.profile = profile;
  }

  abstract start(): void;

  /** Takes no more jobs. */
  abstract drain(): void;

  claimInput(maxJobs: number, waitMs: number, requestId: string | null): ClaimJobs {
    const { id, labels, onlyLabelled, credential, ttlSecs: leaseTtlSecs } = this.profile;
    const caller = { credential };
    return { caller, workerId: id, labels, onlyLabelled, leaseTtlSecs, waitMs, requestId, maxJobs };
  }

  /** Registers, as workers do when they start; one that nobody answers goes on all the same. */
  protected async register(): Promise<void> {
    const { id, labels, onlyLabelled, slots } = this.profile;
    const worker = { workerId: id, labels, onlyLabelled, slots, version: '1' };
    await this.call('register', (live) => live.engine.registerWorker(worker));
  }

  /** Does a job to its end, or to that of the worker. */
  protected async work(job: ClaimedJob): Promise<void> {
    const { world, clock } = this.parts.simulation;
    const { temper } = this.profile;
    if (temper === 'giving back' && this.random.chance(0.5)) {
      await this.call('release', (live) => this.parts.calls.release(live, job.leaseId, this.profile.credential));
      return;
    }
    const state = { isOver: false };
    const isSlow = temper === 'slow' && this.random.chance(0.6);
    const aimsAtMs = this.#aim(job);
    // One that aims at the end of its lease does not renew it.
    const beats = aimsAtMs === null ? !(isSlow && this.random.chance(0.5)) : job.spec.timeoutSecs !== null;
    if (beats) void this.#beat(job, state);
    const durationMs = aimsAtMs === null ? this.#durationMs(job, isSlow) : 50;
    const chunks = this.random.pick([0, 0, 1, 2, 3]);
    for (let at = 0; at < chunks; at++) {
      await this.#workFor(job, Math.floor(durationMs / (chunks + 1)));
      await this.#log(job, at);
    }
    await this.#workFor(job, Math.floor(durationMs / (chunks + 1)));
    if (this.#stops.has(job.leaseId)) await this.#stop(job, chunks);
    if (aimsAtMs !== null) await this.sleep(Math.max(0, aimsAtMs - clock.databaseNow()));
    if (temper === 'crashing' && this.random.chance(0.3)) {
      world.count('worker crashed');
      this.process.die();
      return;
    }
    if (temper === 'frozen' && this.random.chance(0.4)) {
      world.count('worker frozen');
      this.process.freezeUntil(world.nowMs + Math.floor(job.ttlSecs * 1000 * (0.5 + 3 * this.random.next())));
      await this.sleep(1);
      world.count('frozen worker went on');
    }
    if (temper === 'lying' && this.random.chance(0.7)) await tellLies(this, job);
    if (this.parts.simulation.hasKeys && this.random.chance(0.3)) await this.#reportInOneTurn(job, chunks);
    else await this.report(job, this.#endOf(job));
    state.isOver = true;
  }

  /** A job is to be stopped: somebody said so. */
  protected toldToStop(leaseId: string): void {
    this.#stops.add(leaseId);
    this.#onStop.get(leaseId)?.();
  }

  /** Works on a job, for less time when it is to be stopped. */
  async #workFor(job: ClaimedJob, ms: number): Promise<void> {
    if (this.#stops.has(job.leaseId)) return;
    const stopped = new Promise<void>((resolve) => this.#onStop.set(job.leaseId, resolve));
    await Promise.race([this.sleep(ms), stopped]);
    this.#onStop.delete(job.leaseId);
  }

  /** Ends the job's processes, which may take longer than the server waits, and sends what they still say. */
  async #stop(job: ClaimedJob, sequence: number): Promise<void> {
    this.parts.simulation.world.count('worker stopped a job as told');
    if (this.random.chance(0.7)) await this.#log(job, sequence);
    const aimsAtMs = this.#aimAfterTimeout(job);
    if (aimsAtMs === null) await this.sleep(0, Math.max(20, Math.floor(job.stopGraceSecs * 1_200)));
    else await this.sleep(Math.max(0, aimsAtMs - this.parts.simulation.clock.databaseNow()));
  }

  /** Tells how the job ended, again and again until somebody answers. */
  protected async report(job: ClaimedJob, end: EndOfJob): Promise<Answer<void>> {
    return this.insist(end.kind, (live) => this.parts.calls.end(live, job.leaseId, this.profile.credential, end), 12);
  }

  /** Sends two lines and the report at once: none of them waits for the answer to another, and they count in their order. */
  async #reportInOneTurn(job: ClaimedJob, sequence: number): Promise<void> {
    const { simulation, calls } = this.parts;
    const { credential } = this.profile;
    const end = this.#endOf(job);
    const lines = [1, 2].map((at) => this.chunk(job, sequence + at, `line ${simulation.unique()}\n`));
    await this.insist(
      'lines and report',
      async (live) => {
        const isFirst = simulation.leases.byId.get(job.leaseId)?.attempt.outcome === null;
        const sent = [
          ...lines.map((line) => calls.logs(live, job.leaseId, credential, [line], false)),
          calls.end(live, job.leaseId, credential, end),
        ];
        const answers = await Promise.allSettled(sent);
        const isEnded = answers.at(-1)?.status === 'fulfilled';
        const isRefused = answers.some(
          (answer) => answer.status === 'rejected' && answer.reason.reason === 'completed',
        );
        if (isFirst && isEnded) simulation.world.count('lines and report in one turn');
        if (isFirst && isEnded && isRefused)
          simulation.world.violated('messages of one turn count in their order', job.leaseId);
        for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
      },
      12,
    );
  }

  protected newEnd(kind: EndOfJob['kind']): EndOfJob {
    if (kind === 'success') {
      const value = this.random.pick(['a', 'b', null]);
      const outputs = new Map(value === null ? [] : [['v', value]]);
      if (this.random.chance(0.3)) outputs.set('by', `${this.name} ${this.parts.simulation.unique()}`);
      return { kind, outputs, error: '', retryable: false, exitCode: null };
    }
    const retryable = this.random.chance(0.7);
    const { simulation } = this.parts;
    const error = `error ${simulation.unique()} of ${this.name}`;
    const exitCode = simulation.hasKeys && this.random.chance(0.8) ? this.random.pick(exitCodes) : null;
    return { kind, outputs: new Map(), error, retryable, exitCode };
  }

  /** A report that differs from the others. */
  anotherEnd(): EndOfJob {
    return this.newEnd(this.random.pick(['success', 'failure']));
  }

  chunk(job: ClaimedJob, sequence: number, data: string): NewLogChunk {
    const { world } = this.parts.simulation;
    const skewMs = this.profile.temper === 'skewed' ? this.random.within(-3_600_000, 3_600_000) : 0;
    const isNamed = this.random.chance(0.5);
    return {
      runId: isNamed ? job.runId : '',
      jobKey: isNamed ? job.jobKey : '',
      sequence,
      data,
      timestampMs: world.nowMs + skewMs,
      stream: this.random.chance(0.8) ? 'stdout' : 'stderr',
    };
  }

  #endOf(job: ClaimedJob): EndOfJob {
    if (job.spec.command === 'fail')
      return {
        kind: 'failure',
        outputs: new Map(),
        error: `failed as told ${this.parts.simulation.unique()}`,
        retryable: false,
        exitCode: null,
      };
    const { isHealing } = this.parts.simulation;
    const end = this.newEnd(this.random.chance(isHealing ? 0.95 : 0.8) ? 'success' : 'failure');
    if (!job.spec.command.startsWith('list') || end.kind !== 'success') return end;
    return {
      ...end,
      outputs: new Map([...end.outputs, ['list', drawList(this.random, job.spec.command === 'list many')]]),
    };
  }

  #durationMs(job: ClaimedJob, isSlow: boolean): number {
    if (this.parts.simulation.isHealing) return this.random.within(5, 200);
    return isSlow
      ? Math.floor(job.ttlSecs * 1000 * (0.5 + this.random.next() * 2))
      : this.random.pick([10, 100, 1_000, 4_000]);
  }

  /**
   * When to report so that it comes about when the lease or the timeout runs out, and whoever ends it is just at it; null
   * for reports whose time does not matter.
   */
  #aim({ grantedAtMs, ttlSecs, spec }: ClaimedJob): number | null {
    const { world, isHealing } = this.parts.simulation;
    if (isHealing || !this.random.chance(spec.timeoutSecs === null ? 0.03 : 0.15)) return null;
    world.count('report aimed at the end of its time');
    return grantedAtMs + (spec.timeoutSecs ?? ttlSecs) * 1000 + this.random.within(-3, 3);
  }

  /** When the server waits no longer for the report of an attempt that timed out; null for reports at any time. */
  #aimAfterTimeout({ leaseId }: ClaimedJob): number | null {
    const { world, leases } = this.parts.simulation;
    const stop = leases.byId.get(leaseId)?.attempt.stop ?? null;
    if (stop?.reason !== 'timed_out' || !this.random.chance(0.5)) return null;
    world.count('report aimed at the end of its grace');
    return stop.sureByMs + this.random.within(-3, 3);
  }

  async #beat(job: ClaimedJob, state: { isOver: boolean }): Promise<void> {
    const often = this.profile.temper === 'skewed' ? 0.5 + this.random.next() : 1 / 3;
    for (;;) {
      await this.sleep(Math.max(50, Math.floor(job.ttlSecs * 1000 * often)));
      if (state.isOver) return;
      const answer = await this.call(
        'heartbeat',
        (live) => this.parts.calls.heartbeat(live, job.leaseId, this.profile.credential),
        2_000,
      );
      if (answer.kind === 'ok' && answer.value.stop !== null && this.random.chance(0.9)) this.toldToStop(job.leaseId);
      if (answer.kind === 'refused' && this.random.chance(0.7)) return;
    }
  }

  async #log(job: ClaimedJob, sequence: number): Promise<void> {
    const line = this.random.chance(0.5)
      ? `::set-output p${sequence}=${this.name}.${this.parts.simulation.unique()}\n`
      : `line ${this.parts.simulation.unique()}\n`;
    const chunk = this.chunk(job, sequence, line);
    await this.call('logs', (live) =>
      this.parts.calls.logs(live, job.leaseId, this.profile.credential, [chunk], false),
    );
  }
}

/** Any labels, but now and then all of them. */
export function drawLabels(random: { chance(share: number): boolean }): readonly string[] {
  return random.chance(0.3) ? [...allLabels] : allLabels.filter(() => random.chance(0.5));
}
