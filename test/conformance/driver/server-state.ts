/** The parts of the server's responses that scenarios check. */
export type { JobExpectation } from './scenario.js';

export interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly state: string | null;
  readonly jobs: readonly Job[];
}

export interface Job {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  /** The error text of a job that failed. */
  readonly output: string | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly worker_id: string | null;
}

export interface LogChunk {
  readonly sequence: number;
  readonly data: string;
  readonly stream: 'stdout' | 'stderr';
  readonly attempt: number;
  readonly system_line: number | null;
}
