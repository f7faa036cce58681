import type { WorkerEvent } from '@workflow-graph/client';
import { type RunningProgram, startProgram } from './program.js';
import type { ServerProcess } from './server-process.js';
import { until } from './until.js';

export interface WorkerProcessOptions {
  readonly labels?: readonly string[];
  readonly slots?: number;
  readonly id?: string;
  readonly leaseTtlSecs?: number;
  readonly graceSecs?: number;
  readonly workdir?: string;
  readonly token?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

let count = 0;

/** A standalone worker in its own process, registered with the server. It is killed at the end of the test. */
export async function startWorkerProcess(
  server: Pick<ServerProcess, 'url'>,
  options: WorkerProcessOptions = {},
): Promise<WorkerProcess> {
  const id = options.id ?? `worker-${++count}`;
  const args = ['worker', '--server', server.url, '--id', id, '--log-format', 'json'];
  args.push('--slots', String(options.slots ?? 1), '--grace', String(options.graceSecs ?? 2));
  if (options.labels !== undefined) args.push('--labels', options.labels.join(','));
  if (options.leaseTtlSecs !== undefined) args.push('--lease-ttl', String(options.leaseTtlSecs));
  if (options.workdir !== undefined) args.push('--workdir', options.workdir);
  const token = options.token === undefined ? {} : { WORKFLOW_GRAPH_TOKEN: options.token };
  const program = startProgram([...args, ...(options.flags ?? [])], { env: { ...token, ...options.env } });
  const worker = new WorkerProcess(id, program);
  await worker.event('registered');
  return worker;
}

export class WorkerProcess {
  readonly id: string;
  readonly program: RunningProgram;

  constructor(id: string, program: RunningProgram) {
    this.id = id;
    this.program = program;
  }

  /** Its events so far. */
  events(): WorkerEvent[] {
    return this.program.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Waits for the first event of a type, and of a job if one is named. */
  event<Type extends WorkerEvent['type']>(type: Type, jobId?: string): Promise<Extract<WorkerEvent, { type: Type }>> {
    return until(
      `worker ${this.id} reports ${type} ${jobId ?? ''}`,
      () => {
        const found = this.events().find(
          (event) => event.type === type && (jobId === undefined || ('jobId' in event && event.jobId === jobId)),
        );
        if (found === undefined && !this.program.running) {
          throw new Error(`worker ${this.id} has exited:\n${this.program.stdout}${this.program.stderr}`);
        }
        return (found as Extract<WorkerEvent, { type: Type }> | undefined) ?? null;
      },
      { describe: () => this.program.stdout },
    );
  }
}
