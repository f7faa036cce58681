import type { Definition, JobDef } from './definitions.js';
import type { Lease } from './lease.js';

export type ModelState = 'waiting' | 'delayed' | 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';

export const endStates: ReadonlySet<string> = new Set(['success', 'failure', 'skipped', 'cancelled']);

/** One claim of a job. A number is used again when the job was given back before it began. */
export interface ModelAttempt {
  readonly run: ModelRun;
  readonly job: ModelJob;
  readonly number: number;
  readonly workerId: string;
  readonly claimedAtMs: number;
  /** Null while it lives. */
  outcome: 'success' | 'failure' | 'lease_expired' | 'timed_out' | 'cancelled' | 'released' | null;
  endedAtMs: number;
  error: string;
  /** Null while nobody was told of it. */
  lease: Lease | null;
}

export interface ModelJob {
  readonly def: JobDef;
  state: ModelState;
  attempt: number;
  /** Every claim, in order. */
  readonly attempts: ModelAttempt[];
  enqueuedAtMs: number;
  /** By the world's clock, for how long nobody has taken it. */
  queuedSinceMs: number;
  delayedUntilMs: number | null;
  outputs: ReadonlyMap<string, string>;
}

export interface ModelRun {
  readonly no: number;
  readonly id: string;
  readonly workflowId: string;
  readonly definition: Definition;
  readonly inputs: ReadonlyMap<string, string>;
  readonly jobs: readonly ModelJob[];
  state: string;
  open: number;
  failed: number;
  cancelled: number;
  cancelRequests: number;
  isForced: boolean;
  /** The numbers of its events. */
  readonly events: number[];
}

/** An event as it is stored. */
export interface StoredEvent {
  readonly number: number;
  readonly at_ms: number;
  readonly type: string;
  readonly run: number;
  readonly job: number | null;
  readonly attempt: number | null;
  readonly data: string | null;
}

export function newRun(
  from: Pick<ModelRun, 'no' | 'id' | 'workflowId' | 'definition' | 'inputs'>,
  atMs: number,
  worldMs: number,
): ModelRun {
  const { definition } = from;
  return {
    ...from,
    state: 'queued',
    open: definition.jobs.length,
    failed: 0,
    cancelled: 0,
    cancelRequests: 0,
    isForced: false,
    events: [],
    jobs: definition.jobs.map((def) => ({
      def,
      state: def.needs.length === 0 && def.condition === null && !definition.isLarge ? 'queued' : 'waiting',
      attempt: 0,
      attempts: [],
      enqueuedAtMs: atMs,
      queuedSinceMs: worldMs,
      delayedUntilMs: null,
      outputs: new Map(),
    })),
  };
}
