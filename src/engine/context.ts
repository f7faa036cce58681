import type { Logger } from 'pino';
import type { Environment } from '../environment/environment.js';
import type { Connection } from '../store/connection.js';
import type { Store } from '../store/store.js';
import type { Tracing } from '../telemetry/traces/tracing.js';
import type { JobSpecs } from './job-specs.js';
import type { LabelSets } from './label-sets.js';
import type { RunFactsCache } from './run-facts.js';
import type { Topics } from './topics.js';
import type { WorkersSeen } from './workers-seen.js';
import type { Writer } from './writer.js';

/** What the engine's verbs work with. */
export interface EngineContext {
  readonly store: Store;
  readonly environment: Environment;
  readonly writer: Writer;
  readonly specs: JobSpecs;
  readonly runs: RunFactsCache;
  readonly labelSets: LabelSets;
  readonly workersSeen: WorkersSeen;
  readonly topics: Topics;
  readonly log: Logger;
  /** Null when nobody wants traces. */
  readonly tracing: Tracing | null;
  /** Tells other servers, with the commit of this transaction, that there are new label sets. */
  readonly tellOfLabelSets: (connection: Connection) => void;
}

/** What an operation works with inside a transaction. */
export type Knowledge = Pick<
  EngineContext,
  'specs' | 'runs' | 'labelSets' | 'workersSeen' | 'topics' | 'environment' | 'log' | 'tracing'
>;
