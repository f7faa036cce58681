/**
 * What the server and its clients say to each other, as JSON on the documented paths. Names are those of the wire
 * (snake_case) and values are kept as they came, so a field that a newer server adds is there too. Times are Unix
 * milliseconds of the server's clock.
 */
export type * from './wire/audit.js';
export type * from './wire/backfill.js';
export type * from './wire/claim.js';
export type { Backoff, Claim, ClaimedJob, Lease, NeedResult, Outputs, Step } from './wire/claim.js';
export type * from './wire/definition.js';
export type * from './wire/gate.js';
export type * from './wire/job-details.js';
export type * from './wire/log.js';
export type * from './wire/pause.js';
export type * from './wire/queue.js';
export type * from './wire/run.js';
export type * from './wire/schedule.js';
export type * from './wire/variable.js';
export type * from './wire/why.js';
export type * from './wire/worker-info.js';
export type * from './wire/workflow.js';
