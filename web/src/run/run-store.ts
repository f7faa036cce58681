import type { GetRunGraphResponse, ListRunJobsResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import type { Event } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { Counts } from '../parts/state-bar.js';
import { isOver, type Look, lookOfPhase } from './phases.js';

/** A job of a run as lists and graphs show it. */
export interface JobRow {
  readonly ordinal: number;
  readonly id: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly needs: readonly number[];
  readonly look: Look;
  /** Whether it failed, and that counts as success. */
  readonly isTolerated: boolean;
  readonly attempt: number;
  readonly enqueuedMs: number | null;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly worker: string;
}

/**
 * The jobs of one run: what the version says, what the server answered, and every event since. Rows are replaced, never
 * changed, so that a row that is the same object looks the same.
 */
export class RunStore {
  readonly runId: string;
  readonly #rows: JobRow[];
  readonly #ordinals = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #last: bigint;
  #frame = 0;
  #snapshot: RunSnapshot;
  #state: RunEvent | null = null;
  #reruns = 0;

  constructor(graph: GetRunGraphResponse, pages: readonly ListRunJobsResponse[]) {
    const [first] = pages;
    if (first === undefined) throw new Error('a run has at least one page of jobs');
    this.runId = first.runId;
    // What the earliest page shows is what all pages show.
    this.#last = pages.reduce((least, page) => (page.lastEvent < least ? page.lastEvent : least), first.lastEvent);
    this.#rows = graph.keys.map((id, ordinal) => staticRow(graph, id, ordinal));
    for (const page of pages) this.#fill(page);
    for (const { id, ordinal } of this.#rows) this.#ordinals.set(id, ordinal);
    this.#snapshot = snapshotOf(this.#rows, null, 0);
  }

  /** The number of the last event that the rows show. */
  get lastEvent(): bigint {
    return this.#last;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): RunSnapshot => this.#snapshot;

  /** Applies events, and reports them once for each frame of the screen. */
  apply(events: readonly Event[], nextFrame: (act: () => void) => number = requestAnimationFrame): void {
    let changed = false;
    for (const event of events) {
      if (event.number <= this.#last) continue;
      this.#last = event.number;
      changed = true;
      if (event.type === 'run.rerun') this.#reruns += 1;
      if (event.jobId === '' && event.type !== 'run.cancel_requested')
        this.#state = { type: event.type, atMs: Number(event.atMs) };
      else if (event.jobId !== '') this.#applyToJob(event);
    }
    if (!changed || this.#frame !== 0) return;
    this.#frame = nextFrame(() => {
      this.#frame = 0;
      this.#snapshot = snapshotOf(this.#rows, this.#state, this.#reruns);
      for (const listener of this.#listeners) listener();
    });
  }

  #applyToJob(event: Event): void {
    const ordinal = this.#ordinals.get(event.jobId);
    const row = ordinal === undefined ? undefined : this.#rows[ordinal];
    if (ordinal === undefined || row === undefined) return;
    this.#rows[ordinal] = { ...row, ...changeOf(event, row) };
  }

  #fill(page: ListRunJobsResponse): void {
    const base = Number(page.baseMs);
    const time = (ms: bigint | undefined) => (ms === undefined || ms === 0n ? null : base + Number(ms));
    page.ordinals.forEach((ordinal, n) => {
      const row = this.#rows[ordinal];
      if (row === undefined) return;
      this.#rows[ordinal] = {
        ...row,
        look: lookOfPhase(page.phases[n] ?? 0),
        isTolerated: page.tolerated[n] ?? false,
        attempt: page.attempts[n] ?? 0,
        enqueuedMs: time(page.enqueuedMs[n]),
        startedMs: time(page.startedMs[n]),
        endedMs: time(page.endedMs[n]),
        worker: page.workers[(page.workerIndexes[n] ?? 0) - 1] ?? '',
      };
    });
  }
}

export interface RunSnapshot {
  readonly jobs: readonly JobRow[];
  readonly counts: Counts;
  /** How many of the failed jobs count as successful. */
  readonly tolerated: number;
  /** The last event of the run itself; null when none came. */
  readonly runEvent: RunEvent | null;
  /** How many re-runs began while it was looked at. */
  readonly reruns: number;
}

export interface RunEvent {
  readonly type: string;
  readonly atMs: number;
}

function snapshotOf(rows: readonly JobRow[], runEvent: RunEvent | null, reruns: number): RunSnapshot {
  const counts = { ...none };
  let tolerated = 0;
  for (const { look, isTolerated } of rows) {
    counts[look] += 1;
    if (isTolerated) tolerated += 1;
  }
  return { jobs: rows.slice(), counts, tolerated, runEvent, reruns };
}

const none: Record<Look, number> = {
  blocked: 0,
  held: 0,
  delayed: 0,
  waiting: 0,
  running: 0,
  success: 0,
  failure: 0,
  skipped: 0,
  cancelled: 0,
};

function staticRow(graph: GetRunGraphResponse, id: string, ordinal: number): JobRow {
  return {
    ordinal,
    id,
    name: graph.names[ordinal] ?? id,
    labels: graph.labelSets[graph.labelSetIndexes[ordinal] ?? -1]?.labels ?? [],
    needs: graph.needs.slice(graph.needsOffsets[ordinal], graph.needsOffsets[ordinal + 1]),
    look: 'blocked',
    isTolerated: false,
    attempt: 0,
    enqueuedMs: null,
    startedMs: null,
    endedMs: null,
    worker: '',
  };
}

const looksOfEvents: Readonly<Record<string, Look>> = {
  'job.waiting': 'blocked',
  'job.held': 'held',
  'job.queued': 'waiting',
  'job.delayed': 'delayed',
  'job.running': 'running',
  'job.open': 'running',
  'job.success': 'success',
  'job.failure': 'failure',
  'job.skipped': 'skipped',
  'job.cancelled': 'cancelled',
};

function changeOf(event: Event, row: JobRow): Partial<JobRow> {
  const look = looksOfEvents[event.type];
  if (look === undefined) return {};
  const atMs = Number(event.atMs);
  const attempt = event.attempt ?? row.attempt;
  if (look === 'waiting') return { look, isTolerated: false, enqueuedMs: atMs, endedMs: null };
  if (look === 'running') return { look, attempt, startedMs: atMs, endedMs: null, worker: workerOf(event, row) };
  if (look === 'blocked') return { look, isTolerated: false, endedMs: null };
  if (isOver(look)) return { look, isTolerated: isTolerated(event), attempt, endedMs: atMs };
  return { look };
}

function isTolerated({ dataJson }: Event): boolean {
  try {
    return dataJson !== '' && JSON.parse(dataJson).tolerated === true;
  } catch {
    return false;
  }
}

function workerOf(event: Event, row: JobRow): string {
  try {
    const { worker_id: worker } = JSON.parse(event.dataJson);
    return typeof worker === 'string' ? worker : row.worker;
  } catch {
    return row.worker;
  }
}
