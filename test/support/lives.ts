import {
  type Backoff,
  JobStatus,
  LogStream,
  RunState,
  StopReason,
} from '@workflow-graph/client/gen/workflowgraph/v1/types';
import { WorkerStatus } from '@workflow-graph/client/gen/workflowgraph/v1/worker_service';
import { Api } from './api.js';
import { methods, Refused, type Speaker } from './speakers.js';

/** A claim with its lease, and its JSON under the contract. */
export interface Held {
  readonly leaseId: string;
  readonly runId: string;
  readonly shown: unknown;
}

/** The calls of a worker and a reader over some protocol, in the shapes of the documented JSON. Errors: `Refused`. */
export interface Life {
  define(yaml: string): Promise<{ id: string; shown: unknown }>;
  run(id: string, inputs: Record<string, string>): Promise<string>;
  register(workerId: string, labels: string[]): Promise<void>;
  workers(): Promise<unknown>;
  claim(workerId: string, labels: string[]): Promise<Held | null>;
  heartbeat(leaseId: string): Promise<unknown>;
  log(leaseId: string, lines: readonly (readonly ['stdout' | 'stderr', string])[]): Promise<unknown>;
  complete(leaseId: string, outputs: Record<string, string>): Promise<unknown>;
  fail(leaseId: string, error: string, retryable: boolean): Promise<unknown>;
  cancel(id: string): Promise<void>;
  cancelled(id: string, job: string): Promise<unknown>;
  status(id: string): Promise<unknown>;
  logs(id: string, job: string): Promise<unknown>;
}

const chunkTime = 1_700_000_000_123;

/** Over the documented paths. */
export function lifeOverJson(url: string): Life {
  const api = new Api(url);
  const call = async (method: string, path: string, body?: unknown, type?: string): Promise<unknown> => {
    const answer = await api.call(method, path, body, type === undefined ? {} : { 'content-type': type });
    if (answer.status < 300) return answer.body;
    const {
      message,
      reason = null,
      details = [],
    } = answer.body as {
      message: string;
      reason?: string;
      details?: { field: string; line: number; column: number; message: string }[];
    };
    const problems = details.map((one) => `${one.field} ${one.line}:${one.column} ${one.message}`);
    throw Object.assign(new Refused(message, null), { reason, problems });
  };
  const jobs = (lease: string, what: string, body?: unknown) => call('POST', `/api/jobs/${lease}/${what}`, body);
  return {
    async define(yaml) {
      const shown = (await call('POST', '/api/workflows', yaml, 'application/yaml')) as { id: string };
      return { id: shown.id, shown };
    },
    run: async (id, inputs) =>
      ((await call('POST', `/api/workflows/${id}/run`, { inputs })) as { run_id: string }).run_id,
    register: async (worker_id, labels) => void (await call('POST', '/api/workers/register', { worker_id, labels })),
    workers: () => call('GET', '/api/workers'),
    async claim(worker_id, labels) {
      const shown = (await call('POST', '/api/jobs/claim', {
        worker_id,
        labels,
        only_labelled: false,
        lease_ttl_secs: 60,
      })) as {
        lease: { lease_id: string; workflow_id: string };
      } | null;
      return shown === null ? null : { leaseId: shown.lease.lease_id, runId: shown.lease.workflow_id, shown };
    },
    heartbeat: async (lease) => {
      const answer = (await jobs(lease, 'heartbeat')) as { stop_within_secs: number | null };
      // Counts down between two calls.
      return { ...answer, stop_within_secs: answer.stop_within_secs && Math.round(answer.stop_within_secs) };
    },
    log: (lease, lines) =>
      jobs(lease, 'logs', {
        chunks: lines.map(([stream, data], sequence) => ({ stream, data, sequence, timestamp_ms: chunkTime })),
      }),
    complete: (lease, outputs) => jobs(lease, 'complete', { outputs }),
    fail: (lease, error, retryable) => jobs(lease, 'fail', { error, retryable }),
    cancel: async (id) => void (await call('POST', `/api/workflows/${id}/cancel`)),
    cancelled: (id, job) => call('GET', `/api/jobs/${id}/${job}/cancelled`),
    status: (id) => call('GET', `/api/workflows/${id}/status`),
    logs: (id, job) => call('GET', `/api/workflows/${id}/jobs/${job}/logs`),
  };
}

/** Over a protocol of protobuf messages. */
export function lifeOverRpc(call: Speaker): Life {
  return {
    async define(yaml) {
      const definition = { content_type: 'application/yaml', data: Buffer.from(yaml) };
      const { workflow } = await call(methods.createWorkflow, { definition });
      return { id: workflow?.id ?? '', shown: documented(workflow) };
    },
    run: async (id, inputs) =>
      (await call(methods.runWorkflow, { id, inputs: new Map(Object.entries(inputs)) })).run_id,
    register: async (worker_id, labels) => {
      await call(methods.registerWorker, { worker_id, labels, only_labelled: false, slots: 0, version: '' });
    },
    workers: async () =>
      (await call(methods.listWorkers, { offset: 0 })).workers.map((worker) => ({
        ...(documented(worker) as object),
        status: enumName(WorkerStatus, worker.status),
      })),
    async claim(worker_id, labels) {
      const { claim } = await call(methods.claimJob, { worker_id, labels, only_labelled: false, lease_ttl_secs: 60 });
      const lease = claim?.lease;
      return lease === undefined
        ? null
        : { leaseId: lease.lease_id, runId: lease.workflow_id, shown: documented(claim) };
    },
    heartbeat: async (lease_id) => documented(await call(methods.heartbeatLease, { lease_id })),
    log: async (lease_id, lines) => {
      const chunks = lines.map(([stream, data], sequence) => ({
        workflow_id: '',
        job_id: '',
        sequence,
        data,
        timestamp_ms: chunkTime,
        stream: stream === 'stdout' ? LogStream.LOG_STREAM_STDOUT : LogStream.LOG_STREAM_STDERR,
        attempt: 0,
      }));
      return documented(await call(methods.pushLogs, { lease_id, chunks }));
    },
    complete: async (lease_id, outputs) =>
      documented(await call(methods.completeJob, { lease_id, outputs: new Map(Object.entries(outputs)) })),
    fail: async (lease_id, error, retryable) => documented(await call(methods.failJob, { lease_id, error, retryable })),
    cancel: async (id) => {
      await call(methods.cancelWorkflow, { id, force: false });
    },
    cancelled: async (workflow_id, job_id) => (await call(methods.getJobCancelled, { workflow_id, job_id })).cancelled,
    status: async (id) =>
      documented((await call(methods.getWorkflowStatus, { id, job_id: '', children: '', offset: 0 })).workflow),
    logs: async (id, job_id) => documented((await call(methods.getJobLogs, { id, job_id, after: '' })).chunks),
  };
}

/** A message as documented JSON. */
function documented(value: unknown, key = ''): unknown {
  if (key === 'metadata') return value ?? {};
  if (value === undefined) return null;
  if (value === null) return value;
  if (key === 'stop_reason') return enumName(StopReason, value);
  // Counts down between two calls.
  if (key === 'stop_within_secs') return Math.round(value as number);
  if (key === 'status' || key === 'result') return enumName(JobStatus, value);
  if (key === 'state') return enumName(RunState, value);
  if (key === 'stream') return enumName(LogStream, value);
  if (key === 'backoff') return taggedBackoff(value as Backoff);
  if (Array.isArray(value)) return value.map((one) => documented(one));
  if (typeof value !== 'object') return value;
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  if (key === 'upstream_outputs') {
    return Object.fromEntries(
      entries.map(([job, outputs]) => [job, documented((outputs as { values: unknown }).values)]),
    );
  }
  return Object.fromEntries(entries.map(([name, inner]) => [name, documented(inner, name)]));
}

function taggedBackoff({ fixed, exponential }: Backoff): unknown {
  if (fixed !== undefined) return { Fixed: fixed };
  if (exponential === undefined) return 'None';
  const { base_secs, max_secs, jitter } = exponential;
  return { Exponential: { base_secs, max_secs, ...(jitter === undefined ? {} : { jitter }) } };
}

/** `JOB_STATUS_SUCCESS` as `success`. */
function enumName(table: Readonly<Record<string, number>>, value: unknown): string | null {
  const name = Object.keys(table).find((key) => table[key] === value) ?? '';
  const prefix = (Object.keys(table)[0] ?? '').replace(/UNSPECIFIED$/, '');
  return name.slice(prefix.length).toLowerCase();
}
