import type { GetRunGraphResponse, ListRunJobsResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import type { Event } from '../../gen/workflowgraph/v1/runs_pb.js';
import type { Counts } from '../parts/state-bar.js';
import { changeOf, type JobRow, stateOf, staticRow } from './job-row.js';
import { type ChildCounts, countsAfter, NodeChildren } from './node-children.js';
import type { Look } from './phases.js';

/**
 * The jobs of one run: from the version, the server's response, and every event since. Rows are replaced, never
 * mutated, so an identical object needs no redraw.
 */
export class RunStore {
  readonly runId: string;
  readonly #rows: JobRow[];
  readonly #ordinals = new Map<string, number>();
  /** The jobs with a matrix, by ordinal. */
  readonly #nodes = new Map<number, NodeChildren>();
  /** Nodes whose counts cannot be derived from events. */
  readonly #uncounted = new Set<number>();
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
    // The state of the earliest page applies to all pages.
    this.#last = pages.reduce((least, page) => (page.lastEvent < least ? page.lastEvent : least), first.lastEvent);
    this.#rows = graph.keys.map((id, ordinal) => staticRow(graph, id, ordinal));
    graph.childrenFrom.forEach((first, ordinal) => {
      if (first > 0) this.#nodes.set(ordinal, new NodeChildren(first));
    });
    for (const page of pages) this.#fill(page);
    for (const { id, ordinal } of this.#rows) this.#ordinals.set(id, ordinal);
    this.#snapshot = this.#picture();
  }

  /** The number of the last event reflected in the rows. */
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
      this.#show();
    });
  }

  #applyToJob(event: Event): void {
    const ordinal = this.#ordinals.get(event.jobId);
    const row = ordinal === undefined ? undefined : this.#rows[ordinal];
    if (ordinal === undefined || row === undefined) {
      this.#applyToChild(event);
      return;
    }
    this.#rows[ordinal] = { ...row, ...changeOf(event, row) };
    const node = this.#nodes.get(ordinal);
    if (node !== undefined) this.#applyToNode(event, ordinal, node);
  }

  #applyToNode(event: Event, ordinal: number, node: NodeChildren): void {
    if (event.type === 'job.waiting') {
      node.drop();
      this.#count(ordinal, null);
    } else if (event.type === 'job.open') {
      const total = childrenMade(event);
      if (total === null) this.#uncounted.add(ordinal);
      else this.#count(ordinal, { total, open: total, failed: 0, cancelled: 0 });
    }
  }

  #applyToChild(event: Event): void {
    const ordinal = this.#ordinals.get(event.jobId.slice(0, event.jobId.lastIndexOf('.')));
    const node = this.#nodes.get(ordinal ?? -1);
    if (ordinal === undefined || node === undefined) return;
    node.apply(event);
    const counts = this.#rows[ordinal]?.children ?? null;
    if (counts !== null) this.#count(ordinal, countsAfter(counts, event));
  }

  #count(ordinal: number, children: ChildCounts | null): void {
    const row = this.#rows[ordinal];
    if (row !== undefined && row.children !== children) this.#rows[ordinal] = { ...row, children };
  }

  /** Requests the children of those of these nodes that are shown and not loaded. */
  async load(ids: readonly string[], ask: (node: string) => Promise<readonly ListRunJobsResponse[]>): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const ordinal = this.#ordinals.get(id) ?? -1;
        const node = this.#nodes.get(ordinal);
        const row = this.#rows[ordinal];
        if (node === undefined || row === undefined || row.children === null || !node.isWanted) return;
        node.await(true);
        try {
          node.fill(row, await ask(id));
          node.settled(true);
          this.#show();
        } catch {
          // The stream reports a lost connection. They are requested again while shown.
          setTimeout(() => {
            node.settled(true);
            this.#show();
          }, retryMs);
        }
      }),
    );
  }

  /** Requests the counts that events do not carry. */
  async recount(ask: (fromOrdinal: number, limit: number) => Promise<ListRunJobsResponse>): Promise<void> {
    if (this.#uncounted.size === 0) return;
    const ordinals = [...this.#uncounted];
    this.#uncounted.clear();
    const nodes = ordinals.flatMap((ordinal) => this.#nodes.get(ordinal) ?? []);
    for (const node of nodes) node.await(false);
    try {
      const [first, last] = [Math.min(...ordinals), Math.max(...ordinals)];
      const page = await ask(first, last - first + 1);
      for (const { ordinal, children } of page.nodes) {
        const node = this.#nodes.get(ordinal);
        if (node === undefined || children === undefined || !ordinals.includes(ordinal)) continue;
        this.#count(ordinal, node.countsSince(children, page.lastEvent));
      }
    } catch {
      for (const ordinal of ordinals) this.#uncounted.add(ordinal);
    } finally {
      for (const node of nodes) node.settled(false);
      this.#show();
    }
  }

  #show(): void {
    this.#snapshot = this.#picture();
    for (const listener of this.#listeners) listener();
  }

  #picture(): RunSnapshot {
    const children = new Map<string, readonly JobRow[]>();
    for (const [ordinal, { rows }] of this.#nodes) {
      const id = this.#rows[ordinal]?.id;
      if (rows !== null && id !== undefined) children.set(id, rows);
    }
    return snapshotOf(this.#rows, children, this.#state, this.#reruns);
  }

  #fill(page: ListRunJobsResponse): void {
    page.ordinals.forEach((ordinal, n) => {
      const row = this.#rows[ordinal];
      if (row !== undefined) this.#rows[ordinal] = { ...row, ...stateOf(page, n) };
    });
    for (const { ordinal, children } of page.nodes) this.#count(ordinal, children ?? null);
  }
}

const retryMs = 5_000;

export interface RunSnapshot {
  readonly jobs: readonly JobRow[];
  /** The loaded children of the jobs with a matrix, by the keys of those jobs. */
  readonly children: ReadonlyMap<string, readonly JobRow[]>;
  readonly counts: Counts;
  /** How many of the failed jobs count as successful. */
  readonly tolerated: number;
  /** The last event of the run itself; null if none has arrived. */
  readonly runEvent: RunEvent | null;
  /** The number of re-runs that started while it was shown. */
  readonly reruns: number;
}

export interface RunEvent {
  readonly type: string;
  readonly atMs: number;
}

/** The number of a node's children; null if the event does not have it, as after a re-run of some of them. */
function childrenMade({ dataJson }: Event): number | null {
  if (dataJson === '') return null;
  const { children } = JSON.parse(dataJson) as { children?: unknown };
  return typeof children === 'number' ? children : null;
}

function snapshotOf(
  rows: readonly JobRow[],
  children: RunSnapshot['children'],
  runEvent: RunEvent | null,
  reruns: number,
): RunSnapshot {
  const counts = countLooks(rows);
  const tolerated = rows.reduce((count, { isTolerated }) => count + (isTolerated ? 1 : 0), 0);
  return { jobs: rows.slice(), children, counts, tolerated, runEvent, reruns };
}

/** How many jobs are in each state. */
export function countLooks(rows: readonly Pick<JobRow, 'look'>[]): Counts {
  const counts = { ...none };
  for (const { look } of rows) counts[look] += 1;
  return counts;
}

const none: Readonly<Record<Look, number>> = {
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
