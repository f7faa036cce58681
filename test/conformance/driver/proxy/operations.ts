/** What a worker asks of a server, by whatever way: faults and counts name these. */
export type Operation =
  | 'register'
  | 'claim'
  /** A claim of several jobs in one call, over plain HTTP; it counts as a claim too. */
  | 'claim-many'
  | 'report'
  | 'logs'
  | 'heartbeat'
  | 'cancelled'
  | 'release'
  | 'alive'
  /** An opened stream of jobs. */
  | 'session'
  /** What a client asks: a workflow to be created or removed, a run to be cancelled. */
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

/** Paths whose method makes the difference. */
const methods: readonly (readonly [string, RegExp, Operation])[] = [
  ['POST', /^\/api\/workflows$/, 'create'],
  ['DELETE', /^\/api\/workflows\/[^/]+$/, 'remove'],
];

/** What a call of this path asks for. */
export function operationAt(path: string, method = 'POST'): Operation {
  const plain = path.split('?', 1)[0] ?? '';
  const found =
    methods.find(([of, pattern]) => of === method && pattern.test(plain))?.[2] ??
    paths.find(([pattern]) => pattern.test(plain))?.[1];
  return found ?? 'other';
}

/** The call for several jobs, which servers did not always have. */
export function isClaimOfMany(path: string): boolean {
  return path === '/api/jobs/claim-many';
}
