/** The operations of a worker, on either transport: faults and counts use these names. */
export type Operation =
  | 'register'
  | 'claim'
  /** A claim of several jobs in one call over plain HTTP; it also counts as a claim. */
  | 'claim-many'
  | 'report'
  | 'logs'
  | 'heartbeat'
  | 'cancelled'
  | 'release'
  | 'alive'
  /** A job stream that was opened. */
  | 'session'
  /** The operations of a client: create or remove a workflow, cancel a run. */
  | 'create'
  | 'remove'
  | 'cancel'
  | 'other';

const paths: readonly (readonly [RegExp, Operation])[] = [
  [/^\/api\/workers\/register$/, 'register'],
  [/^\/api\/workers\/[^/]+\/heartbeat$/, 'alive'],
  [/^\/api\/jobs\/claim/, 'claim'],
  [/^\/api\/jobs\/(complete-many|[^/]+\/(complete|fail))$/, 'report'],
  [/^\/api\/jobs\/[^/]+\/heartbeat$/, 'heartbeat'],
  [/^\/api\/jobs\/[^/]+\/logs$/, 'logs'],
  [/^\/api\/jobs\/[^/]+\/release$/, 'release'],
  [/^\/api\/jobs\/[^/]+\/[^/]+\/cancelled$/, 'cancelled'],
  [/\/RegisterWorker$/, 'register'],
  [/\/HeartbeatWorker$/, 'alive'],
  [/\/ClaimJobs?$/, 'claim'],
  [/\/(CompleteJobs?|FailJob)$/, 'report'],
  [/\/(HeartbeatLease|StreamHeartbeats)$/, 'heartbeat'],
  [/\/(PushLogs|StreamLogs)$/, 'logs'],
  [/\/ReleaseJob$/, 'release'],
  [/\/GetJobCancelled$/, 'cancelled'],
  [/\/WorkJobs$/, 'session'],
  [/^\/api\/workflows\/[^/]+\/cancel$/, 'cancel'],
  [/\/CreateWorkflow$/, 'create'],
  [/\/RemoveWorkflow$/, 'remove'],
  [/\/CancelWorkflow$/, 'cancel'],
];

/** Paths that differ only by method. */
const methods: readonly (readonly [string, RegExp, Operation])[] = [
  ['POST', /^\/api\/workflows$/, 'create'],
  ['DELETE', /^\/api\/workflows\/[^/]+$/, 'remove'],
];

/** The operation of a call to this path. */
export function operationAt(path: string, method = 'POST'): Operation {
  const plain = path.split('?', 1)[0] ?? '';
  const found =
    methods.find(([of, pattern]) => of === method && pattern.test(plain))?.[2] ??
    paths.find(([pattern]) => pattern.test(plain))?.[1];
  return found ?? 'other';
}

/** The call for several jobs, which older servers lack. */
export function isClaimOfMany(path: string): boolean {
  return path === '/api/jobs/claim-many';
}
