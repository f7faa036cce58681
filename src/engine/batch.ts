import type { Connection } from '../store/connection.js';
import type { EventTable } from '../store/schema.js';
import type { AuditDraft } from './audit.js';
import type { RunFacts } from './run-facts.js';

/** A change of state that the batch will write down, with the time of the rows that it is about. */
export type EventDraft = Omit<EventTable, 'number'>;

/** How a batch changed the counters of one run. */
export interface RunTallyChange {
  ended: number;
  failed: number;
  cancelled: number;
}

/**
 * What the operations of one transaction share: the connection, the time, and what they leave for its end — events,
 * the runs whose counters change, the label sets in which jobs became claimable, and what to do once it is on disk.
 */
export class Batch {
  readonly connection: Connection;
  readonly #askNow: ((connection: Connection) => Promise<number>) | null;
  #nowMs: number;
  readonly events: EventDraft[] = [];
  readonly audits: AuditDraft[] = [];
  readonly tallies = new Map<number, RunTallyChange>();
  readonly claimable = new Set<number>();
  /** Label sets in which another server made jobs claimable. */
  readonly heardClaimable = new Set<number>();
  /** Label sets of parked claims in which another server made jobs claimable after the claims looked for some. */
  readonly missed = new Set<number>();
  /** Label sets in which this batch took the last claimable job. */
  readonly exhausted = new Set<number>();
  /** The runs that this batch makes; nobody else knows of them before they are on disk. */
  readonly newRuns = new Map<number, RunFacts>();
  /** Runs of which a job was claimed, so that they have begun. */
  readonly claimedRuns = new Set<number>();
  /** The newest run of each workflow that got one. */
  readonly newestRuns = new Map<number, number>();
  /** Live attempts, by job and number, of which a caller is told that their lease has run out. */
  readonly ranOut: (readonly [job: number, attempt: number])[] = [];
  readonly afterCommit: (() => void)[] = [];
  /** Topics whose listeners are told once it is on disk. */
  readonly signals = new Set<string>();
  /** Another server was taking the jobs that this batch wanted, and may leave some. */
  contended = false;
  /** Jobs ended whose dependants are to be told in a later transaction. */
  leftUnsettled = false;
  /** For the metrics: how long each claimed job had waited, and the outcomes of the attempts that ended. */
  readonly dispatchMs: number[] = [];
  readonly outcomes: string[] = [];
  emptyClaims = 0;
  /** The earliest time at which something that this batch wrote falls due. */
  nextDueMs = Number.POSITIVE_INFINITY;

  /** @param askNow asks for the time where another's clock, that of a shared database, rules */
  constructor(connection: Connection, nowMs: number, askNow: ((connection: Connection) => Promise<number>) | null) {
    this.connection = connection;
    this.#askNow = askNow;
    this.#nowMs = nowMs;
  }

  /** The time of what it writes. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Goes on at a later time. A batch that had to wait for one of another server builds on what that wrote, and must not
   * seem to come before it.
   */
  notBefore(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  /**
   * Changes rows for which it may have to wait, and goes on at the time by which it got them. The database is asked along
   * with the change, in the same journey: the clock of this process is a little ahead of the database's or behind it, and
   * so what one server wrote could seem to come after what another built on it.
   */
  async waitingFor<T>(change: Promise<readonly T[]>): Promise<readonly T[]> {
    if (this.#askNow === null) return change;
    const [rows, nowMs] = await Promise.all([change, this.#askNow(this.connection)]);
    if (rows.length > 0) this.notBefore(nowMs);
    return rows;
  }

  event(
    type: string,
    at: { run: number; job?: number; attempt?: number; data?: object },
    atMs: number = this.#nowMs,
  ): void {
    this.events.push({
      at_ms: atMs,
      type,
      run: at.run,
      job: at.job ?? null,
      attempt: at.attempt ?? null,
      data: at.data === undefined ? null : JSON.stringify(at.data),
    });
  }

  /** Adds what happened to runs before the first claim of one of their jobs. */
  eventsBeforeClaims(type: string, runs: ReadonlySet<number>): void {
    const left = new Set(runs);
    const all = this.events.splice(0);
    for (const event of all) {
      if (event.type === 'job.running' && event.run !== null && left.delete(event.run))
        this.event(type, { run: event.run }, event.at_ms);
      this.events.push(event);
    }
  }

  tally(run: number, ended: 'success' | 'failure' | 'skipped' | 'cancelled'): void {
    let change = this.tallies.get(run);
    if (change === undefined) {
      change = { ended: 0, failed: 0, cancelled: 0 };
      this.tallies.set(run, change);
    }
    change.ended += 1;
    if (ended === 'failure') change.failed += 1;
    if (ended === 'cancelled') change.cancelled += 1;
  }

  /** Notes a run that this batch makes the newest of its workflow. */
  newestRun(workflow: number, run: number): void {
    this.newestRuns.set(workflow, Math.max(run, this.newestRuns.get(workflow) ?? 0));
  }

  dueAt(ms: number): void {
    this.nextDueMs = Math.min(this.nextDueMs, ms);
  }
}
