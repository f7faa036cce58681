import type { Definition, JobDef } from './definitions.js';
import type { Lease } from './lease.js';
import type { Combination } from './matrix.js';

export type ModelState =
  | 'waiting'
  | 'held'
  | 'delayed'
  | 'queued'
  | 'running'
  | 'open'
  | 'success'
  | 'failure'
  | 'skipped'
  | 'cancelled';

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
  /** Why its worker was told to stop it, and until when its report is waited for; null while it was not. */
  stop: ModelStop | null;
  /** Null while nobody was told of it. */
  lease: Lease | null;
}

interface ModelStop {
  reason: 'cancelled' | 'timed_out';
  readonly atMs: number;
  /** It is waited for at least until then, and at most until then, by the clock that judges. */
  sureByMs: number;
  perhapsByMs: number;
}

export interface ModelJob {
  /** Of a child that is made anew in a re-run, that of its new combination. */
  def: JobDef;
  state: ModelState;
  attempt: number;
  /** The attempt from which its retries count: 0, or that with which a re-run began. */
  budgetFrom: number;
  /** When a re-run let it wait again, the last time; 0: never. */
  resetAtMs: number;
  /** When it was cancelled, the last time; 0: never. */
  cancelledAtMs: number;
  /** Every claim, in order. */
  readonly attempts: ModelAttempt[];
  enqueuedAtMs: number;
  /** By the world's clock, for how long nobody has taken it. */
  queuedSinceMs: number;
  delayedUntilMs: number | null;
  /** Until when it may be claimable or held, by the clock that judges; null for any time. */
  queueDueAtMs: number | null;
  outputs: ReadonlyMap<string, string>;
  /** Of a child: the job with the matrix, its index, and its values; whether it is there yet, and was compared with its row. */
  readonly node: ModelJob | null;
  readonly index: number;
  combination: Combination | null;
  isMade: boolean;
  isCompared: boolean;
  /** Of a job with a matrix that has opened: its children, in order. */
  children: readonly ModelJob[];
  /** Whether a re-run opens it again for some of its children. */
  isReopening: boolean;
  /** When a child of it failed that cancels the others, by the database's clock and by the world's; null when none did. */
  failedFastAtMs: number | null;
  failedFastSinceMs: number;
  /** By the world's clock, since when it is open although all its children have ended; null when they have not. */
  emptySinceMs: number | null;
}

export interface ModelRun {
  readonly no: number;
  readonly id: string;
  readonly workflowId: string;
  readonly definition: Definition;
  readonly inputs: ReadonlyMap<string, string>;
  readonly jobs: readonly ModelJob[];
  /** The children of its jobs with a matrix, by their ordinals, and those of an earlier generation. */
  readonly children: Map<number, ModelJob>;
  /** Whether a job with a matrix has opened, which begins the run as a claim does. */
  hasOpened: boolean;
  /** Whether any of its jobs is in a group. */
  readonly hasJobGroups: boolean;
  state: string;
  open: number;
  failed: number;
  cancelled: number;
  cancelRequests: number;
  /** By the world's clock, when it was cancelled the last time. */
  cancelledSinceMs: number;
  isForced: boolean;
  /** When it has taken too long, by the clock that judges; null without a timeout, and before its time has begun. */
  deadlineMs: number | null;
  /** By the world's clock, since when that is over; 0 while it is not. */
  deadlineSinceMs: number;
  /** Whether it was cancelled because it took too long, and whether its clean-up jobs were too. */
  isTimedOut: boolean;
  isForcedByTimeout: boolean;
  /** Whether it waits for a place in its group, and since when. */
  isHeld: boolean;
  heldSinceMs: number;
  /** Whether the pause of its workflow held it when it was made, and whether it did so to the end or the last that is known. */
  isHeldByPause: boolean;
  /** Whether it was cancelled while it waited, which ends its clean-up jobs too. */
  isForcedByGroup: boolean;
  /** How often parts of it have begun, from 1. */
  generation: number;
  /** The jobs of a re-run that has begun which do not wait again yet. */
  readonly resetting: Set<number>;
  /** Whether its newest re-run is of so many jobs that they are reset and decided in several transactions. */
  isResetInPieces: boolean;
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
  isHeld: boolean,
): ModelRun {
  const { definition } = from;
  return {
    ...from,
    hasJobGroups: definition.jobs.some(({ group = null, matrix }) => group !== null || matrix?.group != null),
    state: 'queued',
    open: definition.jobs.length,
    failed: 0,
    cancelled: 0,
    cancelRequests: 0,
    cancelledSinceMs: 0,
    isForced: false,
    deadlineMs: null,
    deadlineSinceMs: 0,
    isTimedOut: false,
    isForcedByTimeout: false,
    isHeld,
    heldSinceMs: atMs,
    isHeldByPause: false,
    isForcedByGroup: false,
    generation: 1,
    resetting: new Set(),
    isResetInPieces: false,
    events: [],
    children: new Map(),
    hasOpened: false,
    jobs: definition.jobs.map((def) => ({
      ...newJob(def, { node: null, index: 0 }),
      state: isClaimableAtOnce(def) && isDecidedAtOnce(definition) && !isHeld ? 'queued' : 'waiting',
      isMade: true,
      enqueuedAtMs: atMs,
      queuedSinceMs: worldMs,
    })),
  };
}

/** A job that waits. */
export function newJob(def: JobDef, of: Pick<ModelJob, 'node' | 'index'>): ModelJob {
  return {
    def,
    state: 'waiting',
    attempt: 0,
    budgetFrom: 0,
    resetAtMs: 0,
    cancelledAtMs: 0,
    attempts: [],
    enqueuedAtMs: 0,
    queuedSinceMs: 0,
    delayedUntilMs: null,
    queueDueAtMs: null,
    outputs: new Map(),
    ...of,
    combination: null,
    isMade: false,
    isCompared: false,
    children: [],
    isReopening: false,
    failedFastAtMs: null,
    failedFastSinceMs: 0,
    emptySinceMs: null,
  };
}

/** The jobs of a run, and the children of those with a matrix. */
export function* allJobs({ jobs, children }: ModelRun): Generator<ModelJob> {
  yield* jobs;
  for (const child of children.values()) if (child.isMade) yield child;
}

/** Whether the first jobs of its runs are decided in the transaction that makes the run. */
function isDecidedAtOnce({ isLarge, group }: Definition): boolean {
  return !isLarge && group === null;
}

/** Whether nothing is decided about the job before it can be claimed. */
function isClaimableAtOnce(job: JobDef): boolean {
  const { needs, condition, expressions, group = null, matrix = null, queueTimeoutSecs = null } = job;
  const isPlain =
    condition === null && expressions === 'none' && group === null && matrix === null && queueTimeoutSecs === null;
  return needs.length === 0 && isPlain;
}
