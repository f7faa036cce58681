import type { EventType } from '../../domain/events.js';
import { isChild, runOfJob } from '../../store/job-id.js';
import type { EventTable } from '../../store/tables/runs.js';
import type { AuditDraft } from './audit-draft.js';

/** A change of state that the batch will store, with the time of the rows that changed. */
export type EventDraft = Omit<EventTable, 'number'>;

/** Changes of the counters of one run. */
export interface RunTallyChange {
  ended: number;
  failed: number;
  cancelled: number;
}

/** What a batch stores at its end; `finishBatch` reads it. */
export class BatchChanges {
  readonly events: EventDraft[] = [];
  readonly audits: AuditDraft[] = [];
  readonly tallies = new Map<number, RunTallyChange>();
  /** Children that ended, by their row ids, and whether each failed or was cancelled. */
  readonly endedChildren = new Map<number, { readonly failed: number; readonly cancelled: number }>();
  /** Runs that began in this batch: one of their jobs was claimed. */
  readonly claimedRuns = new Set<number>();
  /** The newest run of each workflow that got one. */
  readonly newestRuns = new Map<number, number>();
  readonly #now: () => number;

  /** @param now the time of what the batch writes */
  constructor(now: () => number) {
    this.#now = now;
  }

  event(
    type: EventType,
    at: { run: number; job?: number; attempt?: number; data?: object },
    atMs: number = this.#now(),
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

  /** Adds events of runs, before the first claim of one of their jobs. */
  eventsBeforeClaims(type: EventType, runs: ReadonlySet<number>): void {
    const left = new Set(runs);
    const all = this.events.splice(0);
    for (const event of all) {
      const begins = event.type === 'job.running' || event.type === 'job.open';
      if (begins && event.run !== null && left.delete(event.run)) this.event(type, { run: event.run }, event.at_ms);
      this.events.push(event);
    }
  }

  /** Counts a job that ended: in its run, or a child in its node. */
  tally(job: number, ended: 'success' | 'failure' | 'tolerated' | 'skipped' | 'cancelled'): void {
    if (isChild(job)) {
      const hasFailed = ended === 'failure' || ended === 'tolerated';
      this.endedChildren.set(job, { failed: hasFailed ? 1 : 0, cancelled: ended === 'cancelled' ? 1 : 0 });
      return;
    }
    const run = runOfJob(job);
    let change = this.tallies.get(run);
    if (change === undefined) {
      change = { ended: 0, failed: 0, cancelled: 0 };
      this.tallies.set(run, change);
    }
    change.ended += 1;
    if (ended === 'failure') change.failed += 1;
    if (ended === 'cancelled') change.cancelled += 1;
  }

  /** Records that this batch makes the run the newest of its workflow. */
  newestRun(workflow: number, run: number): void {
    this.newestRuns.set(workflow, Math.max(run, this.newestRuns.get(workflow) ?? 0));
  }
}
