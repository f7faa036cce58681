export { Client } from './client.js';
export type {
  BackfillOptions,
  CancelOptions,
  ClientOptions,
  CreateOptions,
  DrainOptions,
  FollowOptions,
  ListAuditOptions,
  ListGatesOptions,
  ListRunsOptions,
  ListSchedulesOptions,
  ListVariablesOptions,
  ListVersionsOptions,
  ListWorkersOptions,
  ListWorkflowsOptions,
  LogOptions,
  RerunOptions,
  RunOptions,
  VariableOptions,
  WaitOptions,
} from './client-options.js';
export type { Problem, WorkflowGraphErrorInit } from './errors.js';
export { PermanentError, RetryableError, ServerUnreachableError, WorkflowGraphError } from './errors.js';
export type { Executor, Feature, JobContext, LogWriter } from './executor.js';
export { type ShellOptions, shellExecutor } from './shell/shell-executor.js';
export { isUntrustedCertificate } from './untrusted-certificate.js';
export { VERSION } from './version.js';
export type { RunChanges, WatchOptions } from './watch.js';
export type * from './wire.js';
export type { AttemptIds, AttemptOutcome, StopCause, WorkerEvent, WorkerLogger } from './worker/events.js';
export { describeEvent, jsonLogger, type LineSink, textLogger } from './worker/loggers.js';
export type { Software } from './worker/newer-server.js';
export type { WorkerOptions } from './worker/options.js';
export { Worker } from './worker/worker.js';
