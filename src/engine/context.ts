import type { Logger } from 'pino';
import type { LogCap } from '../domain/log-cap.js';
import type { Environment } from '../environment/environment.js';
import type { Store } from '../store/store.js';
import type { Tracing } from '../telemetry/traces/tracing.js';
import type { BrokenFiles } from './memory/broken-files.js';
import type { Drains } from './memory/drains.js';
import type { JobSpecs } from './memory/job-specs.js';
import type { LabelSets } from './memory/label-sets.js';
import type { Pauses } from './memory/pauses.js';
import type { RunInfoCache } from './memory/run-info.js';
import type { Signal } from './memory/signal.js';
import type { Topics } from './memory/topics.js';
import type { WorkersSeen } from './memory/workers-seen.js';
import type { Writer } from './writer/writer.js';

/** What the engine's verbs work with. */
export interface EngineContext {
  readonly store: Store;
  readonly environment: Environment;
  readonly writer: Writer;
  readonly specs: JobSpecs;
  readonly runs: RunInfoCache;
  readonly labelSets: LabelSets;
  readonly pauses: Pauses;
  readonly drains: Drains;
  readonly workersSeen: WorkersSeen;
  readonly brokenFiles: BrokenFiles;
  readonly topics: Topics;
  readonly log: Logger;
  /** How much of an attempt's log is kept. */
  readonly logCap: LogCap;
  /** Null when traces are off. */
  readonly tracing: Tracing | null;
  /** How long the server waits for the report of an attempt that was asked to stop. */
  readonly stopGraceMs: number;
  /** Sent when a schedule may be due earlier than the schedule loops know. */
  readonly schedulesChanged: Signal;
}

/** What an operation works with inside a transaction. */
export type BatchContext = Pick<
  EngineContext,
  | 'specs'
  | 'runs'
  | 'labelSets'
  | 'pauses'
  | 'drains'
  | 'workersSeen'
  | 'topics'
  | 'environment'
  | 'log'
  | 'logCap'
  | 'tracing'
  | 'stopGraceMs'
>;
