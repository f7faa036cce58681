import type { ListRunJobsResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import type { Event } from '../../gen/workflowgraph/v1/runs_pb.js';
import type { Counts } from '../parts/state-bar.js';
import { changeOf, childRow, type JobRow, lookAfter } from './job-row.js';
import { isOver } from './phases.js';

/** The states of the children of a job with a matrix. */
export interface ChildCounts {
  readonly total: number;
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** The children of one job with a matrix, as far as they are loaded. */
export class NodeChildren {
  readonly #firstChild: number;
  /** Events that arrived during a request: its response may or may not include them. */
  #meanwhile: Event[] = [];
  #awaited = 0;
  #rows: JobRow[] | null = null;
  /** A copy, replaced whenever a row is. */
  #shown: readonly JobRow[] | null = null;
  #isStale = false;
  #isAsked = false;

  constructor(firstChild: number) {
    this.#firstChild = firstChild;
  }

  get rows(): readonly JobRow[] | null {
    this.#shown ??= this.#rows?.slice() ?? null;
    return this.#shown;
  }

  /** Whether they must be loaded once they are shown. */
  get isWanted(): boolean {
    return !this.#isAsked && (this.#rows === null || this.#isStale);
  }

  /** A re-run replaced them. */
  drop(): void {
    this.#rows = null;
    this.#shown = null;
  }

  /** A request for them, or for their counts, is pending from here to `settled`. */
  await(isAboutRows: boolean): void {
    this.#awaited += 1;
    if (!isAboutRows) return;
    this.#isAsked = true;
    this.#isStale = false;
  }

  settled(isAboutRows: boolean): void {
    this.#awaited -= 1;
    if (isAboutRows) this.#isAsked = false;
    if (this.#awaited === 0) this.#meanwhile = [];
  }

  fill(node: JobRow, pages: readonly ListRunJobsResponse[]): void {
    this.#rows = pages.flatMap((page) => page.ordinals.map((_, n) => childRow(node, this.#firstChild, page, n)));
    this.#shown = null;
    const shown = pages[0]?.lastEvent ?? 0n;
    for (const event of this.#meanwhile) if (event.number > shown) this.#change(event);
  }

  /** The counts of a response, with the events since. */
  countsSince(counts: ChildCounts, shown: bigint): ChildCounts {
    return this.#meanwhile.filter(({ number }) => number > shown).reduce(countsAfter, counts);
  }

  apply(event: Event): void {
    if (this.#awaited > 0) this.#meanwhile.push(event);
    if (this.#rows !== null) this.#change(event);
  }

  #change(event: Event): void {
    const index = Number(event.jobId.slice(event.jobId.lastIndexOf('.') + 1));
    const row = this.#rows?.[index];
    // A child that did not exist at the time of the request.
    if (row === undefined) this.#isStale = true;
    else {
      this.#rows?.splice(index, 1, { ...row, ...changeOf(event, row) });
      this.#shown = null;
    }
  }
}

/** The counts after an event of a child. A child that runs again is counted by `job.open` of its node. */
export function countsAfter(counts: ChildCounts, event: Event): ChildCounts {
  const look = lookAfter(event);
  if (look === null || !isOver(look.look) || counts.open === 0) return counts;
  return {
    total: counts.total,
    open: counts.open - 1,
    failed: counts.failed + (look.look === 'failure' && !look.isTolerated ? 1 : 0),
    cancelled: counts.cancelled + (look.look === 'cancelled' ? 1 : 0),
  };
}

/** The counts as a bar shows them. */
export function barOf({ total, open, failed, cancelled }: ChildCounts): Counts {
  const others = { blocked: 0, held: 0, delayed: 0, waiting: 0, skipped: 0 };
  return { ...others, running: open, failure: failed, cancelled, success: total - open - failed - cancelled };
}
