import type { SimDatabase } from '../sim-database.js';
import type { World } from '../world.js';
import { applyEvent } from './apply-event.js';
import { compareWithDatabase } from './compare.js';
import type { Definition } from './definitions.js';
import { checkBegun, checkGroups, isUndecided } from './groups.js';
import { HeldJobs } from './held-jobs.js';
import { checkJobGroups } from './job-groups.js';
import { checkNodeGates } from './node-gates.js';
import { checkNodes } from './nodes.js';
import { mayGet, type WorkerOffer } from './offer.js';
import { ModelPauses } from './pauses.js';
import { goesBefore, hasBegun, stateOfRun, verdictOn } from './rules.js';
import { beginRunTimeout } from './run-timeouts.js';
import { endStates, type ModelAttempt, type ModelJob, type ModelRun, newRun, type StoredEvent } from './states.js';
import { checkStopped } from './stop-attempt.js';

/** A job of a run. */
export interface Place {
  readonly run: ModelRun;
  readonly job: ModelJob;
}

/** What a commit changed, for the checks at its end. */
export interface Touched {
  readonly runs: Set<ModelRun>;
  readonly jobs: Map<number, Place>;
  readonly claims: ModelAttempt[];
  /** Jobs that got a place in their group, and since when they waited for it. */
  readonly admitted: { readonly place: Place; readonly sinceMs: number }[];
}

const ordinals = 2 ** 20;

/**
 * What the rules say, in lock-step with the database: a second, tiny implementation that knows the definitions as the
 * simulation wrote them and nothing of the server's code. It reads each commit's events, asks whether each was allowed
 * and whether one is missing, and then compares what it expects with the rows.
 */
export class Model {
  readonly world: World;
  readonly database: SimDatabase;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly runs = new Map<string, ModelRun>();
  readonly runsByNumber = new Map<number, ModelRun>();
  readonly events: StoredEvent[] = [];
  /** How long the report of an attempt is waited for that its worker was told to stop. */
  readonly stopGraceMs: number;
  /** By how much the clock with which a server receives a report may be ahead of the database's. */
  readonly clockErrorMsMax: number;
  /** Attempts of cancelled jobs that have not ended. */
  readonly stopping = new Set<ModelAttempt>();
  /** Runs of which a forced re-run was asked, which cancels what runs and needs a job that is to run again. */
  readonly forcedReruns = new Set<string>();
  /** Jobs that anybody with the labels may claim. */
  readonly queued = new Map<number, Place>();
  readonly pauses: ModelPauses;
  readonly held: HeldJobs;
  readonly #offerOf: (workerId: string) => WorkerOffer;
  /** Whether every claim sees every claimable job: not where servers tell one another, and never where rows are taken. */
  readonly #isOrderStrict: () => 'all' | 'same labels' | 'no';
  #lastAtMs = 0;

  constructor(
    world: World,
    database: SimDatabase,
    definitions: ReadonlyMap<string, Definition>,
    offerOf: (workerId: string) => WorkerOffer,
    isOrderStrict: () => 'all' | 'same labels' | 'no',
    stopGraceMs: number,
    clockErrorMsMax: number,
    troubleAtMs: () => number | null,
  ) {
    this.world = world;
    this.database = database;
    this.definitions = definitions;
    this.#offerOf = offerOf;
    this.#isOrderStrict = isOrderStrict;
    this.stopGraceMs = stopGraceMs;
    this.clockErrorMsMax = clockErrorMsMax;
    this.pauses = new ModelPauses(this, troubleAtMs);
    this.held = new HeldJobs(database);
  }

  /** The same of what is due: a transaction that waits for another may count from before its wait. */
  get waitErrorMsMax(): number {
    return this.clockErrorMsMax === 0 ? 0 : 3_000;
  }

  /** The time of the newest commit, by the clock that judges. */
  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  /** Follows what was just committed. */
  afterCommit(): void {
    this.pauses.afterCommit();
    this.held.afterCommit();
    const fresh = this.database.rows<StoredEvent>(
      'select number, at_ms, type, run, job, attempt, data from events where number > ? order by number',
      this.events.length,
    );
    const touched: Touched = { runs: new Set(), jobs: new Map(), claims: [], admitted: [] };
    this.#followStopping(touched);
    if (fresh.length === 0 && touched.jobs.size === 0) return;
    for (const event of fresh) {
      this.#follow(event, touched);
      // Where nobody waits for a cancelled job to stop, its attempt ends with the cancel.
      if (this.stopGraceMs === 0 && event.type === 'job.cancelled') this.#followStopping(touched);
    }
    if (fresh.length > 0) this.world.note(`commit ${fresh.length} ${fresh.at(-1)?.type}`);
    for (const run of touched.runs) this.#checkRun(run, touched);
    checkGroups(this, touched);
    checkJobGroups(this, touched);
    checkNodeGates(this, touched);
    checkNodes(this, touched);
    this.#checkOrder(touched);
    compareWithDatabase(this, touched);
  }

  violated(promise: string, what: string): void {
    this.world.violated(promise, what);
  }

  run(no: number): ModelRun | null {
    return this.runsByNumber.get(no) ?? null;
  }

  place(jobId: number): Place | null {
    const run = this.run(Math.floor(jobId / ordinals));
    const job = run?.jobs[jobId % ordinals] ?? run?.children.get(jobId % ordinals);
    return run === null || job === undefined ? null : { run, job };
  }

  jobByKey(runId: string, key: string): Place | null {
    const run = this.runs.get(runId);
    const [of, child] = key.slice(1).split('.').map(Number);
    const node = run?.jobs[of ?? -1];
    const job = child === undefined ? node : node?.children[child];
    return run === undefined || job === undefined ? null : { run, job };
  }

  /** What a job handed on, as it is stored; whether that is right is judged by who knows the reports. */
  readOutputs(jobId: number): ReadonlyMap<string, string> {
    const [row] = this.database.rows<{ outputs: string | null }>('select outputs from jobs where id = ?', jobId);
    return new Map(Object.entries(JSON.parse(row?.outputs ?? '{}') as Record<string, string>));
  }

  touch(touched: Touched, { run, job }: Place): void {
    touched.jobs.set(run.no * ordinals + job.def.ord, { run, job });
  }

  setQueued({ run, job }: Place): void {
    job.queuedSinceMs = this.world.nowMs;
    this.queued.set(run.no * ordinals + job.def.ord, { run, job });
  }

  unsetQueued({ run, job }: Place): void {
    this.queued.delete(run.no * ordinals + job.def.ord);
  }

  /** The end of a cancelled job's attempt has no event: nothing changes but for what waited for it. */
  #followStopping(touched: Touched): void {
    if (this.stopping.size === 0) return;
    const byPlace = new Map(
      [...this.stopping].map((attempt) => [`${this.#rowOf(attempt)}/${attempt.number}`, attempt]),
    );
    const ended = this.database.rows<{ job: number; number: number; outcome: string; ended_at_ms: number }>(
      `select a.job, a.number, a.outcome, a.ended_at_ms from json_each(?) as i
        cross join attempts as a on a.job = i.value ->> 0 and a.number = i.value ->> 1 where a.outcome is not null`,
      JSON.stringify([...byPlace.values()].map((attempt) => [this.#rowOf(attempt), attempt.number])),
    );
    for (const row of ended) {
      const attempt = byPlace.get(`${row.job}/${row.number}`);
      if (attempt === undefined) continue;
      this.stopping.delete(attempt);
      if (row.outcome !== 'cancelled') this.violated('a cancelled job stays so', `${row.job} is ${row.outcome}`);
      attempt.outcome = 'cancelled';
      attempt.endedAtMs = row.ended_at_ms;
      checkStopped(this, attempt, row.ended_at_ms);
      touched.runs.add(attempt.run);
      this.touch(touched, attempt);
    }
  }

  #rowOf({ run, job }: ModelAttempt): number {
    return run.no * ordinals + job.def.ord;
  }

  #follow(event: StoredEvent, touched: Touched): void {
    if (event.number !== this.events.length + 1) {
      this.violated('event numbers have no gaps', `${event.number} follows ${this.events.length}`);
    }
    if (event.at_ms < this.#lastAtMs) {
      this.violated(
        'events are in the order of time',
        `event ${event.number} is ${this.#lastAtMs - event.at_ms} ms back`,
      );
    }
    this.#lastAtMs = Math.max(this.#lastAtMs, event.at_ms);
    this.events.push(event);
    this.world.count(`event ${event.type}`);
    this.world.note(`${event.run}/${event.job === null ? 'run' : `j${event.job % ordinals}`} ${event.type}`);
    if (event.type === 'run.queued') this.#makeRun(event);
    const run = this.run(event.run);
    if (run === null) {
      this.violated('events are of runs that are there', `event ${event.number} ${event.type} of run ${event.run}`);
      return;
    }
    run.events.push(event.number);
    touched.runs.add(run);
    if (event.type !== 'run.queued') applyEvent(this, run, event, touched);
  }

  #makeRun(event: StoredEvent): void {
    const [row] = this.database.rows<{ id: string; inputs: string; workflow_id: string; name: string }>(
      `select n.id, n.inputs, w.id as workflow_id, v.name from runs n
       join workflows w on w.no = n.workflow join versions v on v.no = n.version where n.no = ?`,
      event.run,
    );
    const definition = this.definitions.get(row?.name ?? '');
    if (row === undefined || definition === undefined || this.runsByNumber.has(event.run)) {
      this.violated('a run begins once, of a definition', `run ${event.run} of ${row?.name}`);
      return;
    }
    const inputs = new Map(Object.entries(JSON.parse(row.inputs) as Record<string, string>));
    const from = { no: event.run, id: row.id, workflowId: row.workflow_id, definition, inputs };
    const { held = false } = JSON.parse(event.data ?? '{}') as { held?: boolean };
    const run = newRun(from, event.at_ms, this.world.nowMs, held);
    this.runsByNumber.set(run.no, run);
    this.runs.set(run.id, run);
    for (const job of run.jobs) if (job.state === 'queued') this.setQueued({ run, job });
    if (!held && definition.group !== null) beginRunTimeout(run, event.at_ms);
    this.pauses.checkBegun(run);
    checkBegun(this, run);
  }

  /** Whether a cascade, such as one that a large run filled, left telling what needs some of its ended jobs for later. */
  isCutShort(run: ModelRun): boolean {
    const first = run.no * ordinals;
    const last = first + ordinals - 1;
    return (
      this.database.rows('select 1 from jobs where id between ? and ? and settled = 0 limit 1', first, last).length > 0
    );
  }

  /** Nothing that follows from a commit may be left for later, except where a large run is worked off in pieces. */
  #checkRun(run: ModelRun, touched: Touched): void {
    const isOver = run.open === 0;
    if (isOver !== endStates.has(run.state) || (isOver && run.state !== stateOfRun(run))) {
      this.violated(
        'the state of a run is that of its jobs',
        `run ${run.id} is ${run.state}, ${run.open} jobs are open`,
      );
    }
    if (!isOver && (run.state === 'running') !== hasBegun(run)) {
      this.violated('a run runs from its first claim on', `run ${run.id} is ${run.state}`);
    }
    if (run.definition.isLarge) return;
    if (run.resetting.size > 0 && !run.isResetInPieces)
      this.violated('all jobs of a re-run wait again', `${run.id}: ${[...run.resetting]}`);
    if (isOver || run.resetting.size > 0 || isUndecided(this, run)) return;
    for (const job of run.jobs) {
      if (job.state !== 'waiting') continue;
      const verdict = verdictOn(run, job);
      if (verdict === null || this.isCutShort(run)) continue;
      this.touch(touched, { run, job });
      this.violated('a job is decided with the end of its last need', `${run.id}/${job.def.key} should be ${verdict}`);
    }
  }

  /** A claim takes the highest priority, then the oldest, of what its worker may run. */
  #checkOrder({ claims, admitted }: Touched): void {
    const strict = this.#isOrderStrict();
    if (strict === 'no' || claims.length === 0 || this.queued.size > 300) return;
    for (const { run, job, workerId } of claims) {
      const offer = this.#offerOf(workerId);
      for (const left of this.queued.values()) {
        // Gates admit after the claims of their commit.
        if (admitted.some(({ place }) => place.job === left.job)) continue;
        if (!mayGet(offer, left.job.def.labels)) continue;
        if (this.pauses.mayKeepBack(left)) continue;
        if (strict === 'same labels' && left.job.def.labels.join() !== job.def.labels.join()) continue;
        this.world.count('order of claims compared');
        if (!goesBefore(left, { run, job })) continue;
        this.violated(
          'claims go by priority, then age',
          `${workerId} got ${run.no}/${job.def.key} before ${left.run.no}/${left.job.def.key}`,
        );
      }
    }
  }
}
