import type { GetRunGraphResponse, ListRunJobsResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import type { Event } from '../../gen/workflowgraph/v1/runs_pb.js';
import type { ChildCounts } from './node-children.js';
import { isOver, type Look, lookOfPhase } from './phases.js';

/** A job of a run as lists and graphs show it. */
export interface JobRow {
  readonly ordinal: number;
  readonly id: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly needs: readonly number[];
  readonly look: Look;
  /** Whether it failed and counts as success. */
  readonly isTolerated: boolean;
  readonly attempt: number;
  readonly enqueuedMs: number | null;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly worker: string;
  /** Whether it has a matrix, and thus children. */
  readonly isNode: boolean;
  /** The states of its children; null for a job without a matrix, and before they exist. */
  readonly children: ChildCounts | null;
  /** For a child: the key of its node. */
  readonly group: string | null;
}

/** A job that has only its definition so far. */
export function staticRow(graph: GetRunGraphResponse, id: string, ordinal: number): JobRow {
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
    isNode: (graph.childrenFrom[ordinal] ?? 0) > 0,
    children: null,
    group: null,
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

/** The changes that an event makes to a job. */
export function changeOf(event: Event, row: JobRow): Partial<JobRow> {
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

/** The state after an event; null if the event does not change it. */
export function lookAfter(event: Event): { readonly look: Look; readonly isTolerated: boolean } | null {
  const look = looksOfEvents[event.type];
  return look === undefined ? null : { look, isTolerated: isTolerated(event) };
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

/** The fields of a job in the n-th entry of a response. */
export function stateOf(page: ListRunJobsResponse, n: number): Partial<JobRow> {
  const base = Number(page.baseMs);
  const time = (ms: bigint | undefined) => (ms === undefined || ms === 0n ? null : base + Number(ms));
  return {
    look: lookOfPhase(page.phases[n] ?? 0),
    isTolerated: page.tolerated[n] ?? false,
    attempt: page.attempts[n] ?? 0,
    enqueuedMs: time(page.enqueuedMs[n]),
    startedMs: time(page.startedMs[n]),
    endedMs: time(page.endedMs[n]),
    worker: page.workers[(page.workerIndexes[n] ?? 0) - 1] ?? '',
  };
}

/** A child from the n-th entry of a response about the children of its node. */
export function childRow(node: JobRow, firstChild: number, page: ListRunJobsResponse, n: number): JobRow {
  const ordinal = page.ordinals[n] ?? 0;
  const id = `${node.id}.${ordinal - firstChild}`;
  const known = { ...node, isNode: false, children: null, group: node.id };
  return { ...known, ordinal, id, name: page.names[n] ?? id, ...stateOf(page, n) };
}
