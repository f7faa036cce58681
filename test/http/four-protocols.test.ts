import { create, type DescMessage, type DescMethod, type Message, toJson } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { ErrorDetailSchema, ErrorReason } from '../../gen/workflowgraph/v1/types_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { bindMethod } from '../../src/http/json-binding/bind-method.js';
import type { SmallEngine } from './small-engine.js';
import { aClaim, aJob, aSpec, aWorkflow } from './small-engine.js';
import { type RunningServer, startServer } from './start-server.js';

/** One call of each unary method: its request for RPC, and for the documented path. */
interface Case {
  readonly method: DescMethod;
  readonly request: Record<string, unknown>;
  readonly http: { readonly path: string; readonly body?: unknown; readonly type?: string };
  readonly arrange?: (engine: SmallEngine) => void;
}

const encoded = (text: string) => new TextEncoder().encode(text);
const yaml = 'name: CI\njobs: { build: { run: make } }\n';

function unaryCases(): Case[] {
  const job = JobService.method;
  const worker = WorkerService.method;
  const workflow = WorkflowService.method;
  const audit = AuditService.method;
  const claim = { worker_id: 'w1', labels: ['linux'], lease_ttl_secs: 60 };
  const wireClaim = { workerId: 'w1', labels: ['linux'], leaseTtlSecs: 60n };
  const offer = (engine: SmallEngine) => engine.claimable.push(aClaim(), aClaim({ leaseId: 'lease-2', attempt: 3 }));
  const chunk = { workflow_id: 'r', job_id: 'b', sequence: 7, data: 'hi\n', timestamp_ms: 1_700_000_000_123 };
  return [
    { method: job.claimJob, request: wireClaim, http: { path: '/api/jobs/claim', body: claim }, arrange: offer },
    { method: job.claimJob, request: wireClaim, http: { path: '/api/jobs/claim', body: claim } },
    {
      method: job.claimJobs,
      request: { ...wireClaim, maxJobs: 2 },
      http: { path: '/api/jobs/claim-many', body: { ...claim, max_jobs: 2 } },
      arrange: offer,
    },
    {
      method: audit.listAuditEvents,
      request: { limit: 2, action: 'run.started', subject: 'r1', pageToken: 'a' },
      http: { path: '/api/audit?limit=2&action=run.started&subject=r1&page_token=a' },
    },
    {
      method: GateService.method.listGates,
      request: { prefix: 'dep', limit: 2, pageToken: 'a' },
      http: { path: '/api/gates?prefix=dep&limit=2&page_token=a' },
    },
    { method: job.heartbeatLease, request: { leaseId: 'l1' }, http: { path: '/api/jobs/l1/heartbeat' } },
    {
      method: job.pushLogs,
      request: {
        leaseId: 'l1',
        chunks: [
          { workflowId: 'r', jobId: 'b', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n, stream: 2 },
          { workflowId: 'r', jobId: 'b', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n },
        ],
      },
      http: { path: '/api/jobs/l1/logs', body: { chunks: [{ ...chunk, stream: 'stderr' }, chunk] } },
    },
    {
      method: job.completeJob,
      request: { leaseId: 'l1', outputs: { version: '1.2.3', ['__proto__']: 'kept' } },
      http: { path: '/api/jobs/l1/complete', body: JSON.parse('{"outputs":{"version":"1.2.3","__proto__":"kept"}}') },
    },
    {
      method: job.completeJobs,
      request: {
        reports: [
          { leaseId: 'l1', result: { case: 'success', value: { values: { a: '1' } } } },
          { leaseId: 'expired', result: { case: 'failure', value: { error: 'no', retryable: true } } },
        ],
        claim: { ...wireClaim, maxJobs: 1 },
      },
      http: {
        path: '/api/jobs/complete-many',
        body: {
          reports: [
            { lease_id: 'l1', success: { a: '1' } },
            { lease_id: 'expired', failure: { error: 'no', retryable: true } },
          ],
          claim: { ...claim, max_jobs: 1 },
        },
      },
      arrange: offer,
    },
    {
      method: job.failJob,
      request: { leaseId: 'l1', error: 'exit 1', retryable: true },
      http: { path: '/api/jobs/l1/fail', body: { error: 'exit 1', retryable: true } },
    },
    { method: job.releaseJob, request: { leaseId: 'l1' }, http: { path: '/api/jobs/l1/release' } },
    {
      method: job.getJobCancelled,
      request: { workflowId: 'r', jobId: 'cancelled' },
      http: { path: '/api/jobs/r/cancelled/cancelled' },
    },
    {
      method: worker.registerWorker,
      request: { workerId: 'w1', labels: ['a'], slots: 2, version: 'x 1' },
      http: { path: '/api/workers/register', body: { worker_id: 'w1', labels: ['a'], slots: 2, version: 'x 1' } },
    },
    { method: worker.heartbeatWorker, request: { workerId: 'w1' }, http: { path: '/api/workers/w1/heartbeat' } },
    { method: worker.listWorkers, request: { limit: 5 }, http: { path: '/api/workers?limit=5' } },
    { method: worker.getWorker, request: { workerId: 'w1' }, http: { path: '/api/workers/w1' } },
    { method: worker.getQueue, request: {}, http: { path: '/api/queue' } },
    {
      method: worker.listQueuedJobs,
      request: { labelSet: 4, limit: 5 },
      http: { path: '/api/queue/4/jobs?limit=5' },
    },
    {
      method: workflow.listWorkflows,
      request: { limit: 7, offset: 1, status: 4 },
      http: { path: '/api/workflows?limit=7&offset=1&status=failure' },
      arrange: (engine) => engine.workflows.set('ci', fullWorkflow()),
    },
    {
      method: workflow.createWorkflow,
      request: { definition: { contentType: 'application/yaml', data: encoded(yaml) } },
      http: { path: '/api/workflows', body: yaml, type: 'application/yaml' },
    },
    {
      method: workflow.getWorkflowStatus,
      request: { id: 'ci' },
      http: { path: '/api/workflows/ci/status' },
      arrange: (engine) => engine.workflows.set('ci', fullWorkflow()),
    },
    { method: workflow.getWorkflowInputs, request: { id: 'ci' }, http: { path: '/api/workflows/ci/inputs' } },
    {
      method: workflow.runWorkflow,
      request: { id: 'ci', inputs: { who: 'me' }, requestId: 'x'.repeat(16) },
      http: { path: '/api/workflows/ci/run', body: { inputs: { who: 'me' }, request_id: 'x'.repeat(16) } },
    },
    { method: workflow.cancelWorkflow, request: { id: 'ci' }, http: { path: '/api/workflows/ci/cancel' } },
    {
      method: workflow.rerunWorkflow,
      request: { id: 'ci', jobs: ['build'], dependants: false, force: true, requestId: 'x'.repeat(16), dryRun: true },
      http: {
        path: '/api/workflows/ci/rerun',
        body: { jobs: ['build'], dependants: false, force: true, request_id: 'x'.repeat(16), dry_run: true },
      },
    },
    {
      method: workflow.listSchedules,
      request: { workflow: 'ci', limit: 3, pageToken: '1.a' },
      http: { path: '/api/schedules?workflow=ci&limit=3&page_token=1.a' },
    },
    {
      method: workflow.pauseSchedule,
      request: { id: 'ci', schedule: 'nightly', reason: 'why' },
      http: { path: '/api/workflows/ci/schedules/nightly/pause', body: { reason: 'why' } },
    },
    {
      method: workflow.resumeSchedule,
      request: { id: 'ci', schedule: 'nightly' },
      http: { path: '/api/workflows/ci/schedules/nightly/resume' },
    },
    { method: workflow.removeWorkflow, request: { id: 'ci' }, http: { path: '/api/workflows/ci' } },
    {
      method: workflow.explainJob,
      request: { id: 'ci', jobId: 'build' },
      http: { path: '/api/workflows/ci/jobs/build/why' },
    },
    { method: workflow.explainRun, request: { id: 'ci' }, http: { path: '/api/workflows/ci/why' } },
    {
      method: workflow.listRuns,
      request: { workflow: 'ci', state: 2, pageToken: 'p' },
      http: { path: '/api/runs?workflow=ci&state=running&page_token=p' },
    },
    {
      method: workflow.listRuns,
      request: {
        states: [2, 4],
        workflows: ['a', 'b'],
        createdAfterMs: 5n,
        createdBeforeMs: 6n,
        startedBy: 'bot',
        query: '01a2',
        withDetails: true,
        limit: 1000,
      },
      http: {
        path: '/api/runs?states=running&states=failure&workflows=a&workflows=b&created_after_ms=5&created_before_ms=6&started_by=bot&query=01a2&with_details=true&limit=1000',
      },
    },
    {
      method: workflow.listWorkflowSummaries,
      request: { limit: 3, pageToken: 'p', query: 'c' },
      http: { path: '/api/workflow-summaries?limit=3&page_token=p&query=c' },
    },
    {
      method: RunService.method.getRunGraph,
      request: { workflow: 'ci', version: 2 },
      http: { path: '/api/workflows/ci/versions/2/graph' },
    },
    {
      method: RunService.method.listRunJobs,
      request: { id: 'run-1', fromOrdinal: 1, limit: 5, phases: [4, 6] },
      http: { path: '/api/runs/run-1/jobs?from_ordinal=1&limit=5&phases=running&phases=failure' },
    },
    {
      method: RunService.method.getJob,
      request: { id: 'run-1', jobId: 'build' },
      http: { path: '/api/runs/run-1/jobs/build' },
    },
    {
      method: VariableService.method.setVariable,
      request: { name: 'region', value: '', workflow: 'ci' },
      http: { path: '/api/variables/region', body: { value: '', workflow: 'ci' } },
    },
    {
      method: VariableService.method.getVariable,
      request: { name: 'region', workflow: 'ci' },
      http: { path: '/api/variables/region?workflow=ci' },
    },
    {
      method: VariableService.method.deleteVariable,
      request: { name: 'region', workflow: 'ci' },
      http: { path: '/api/variables/region?workflow=ci' },
    },
    {
      method: VariableService.method.listVariables,
      request: { workflow: 'ci', limit: 3, pageToken: '1.a' },
      http: { path: '/api/variables?workflow=ci&limit=3&page_token=1.a' },
    },
    {
      method: RunService.method.getJobHistory,
      request: { workflow: 'ci', limit: 5, pageToken: 'p' },
      http: { path: '/api/workflows/ci/job-history?limit=5&page_token=p' },
    },
    { method: SessionService.method.getSession, request: {}, http: { path: '/api/session' } },
    {
      method: LogService.method.getJobLogs,
      request: { id: 'ci', jobId: 'build', attempt: 0, limit: 9, after: '0.1.stdout' },
      http: { path: '/api/workflows/ci/jobs/build/logs?attempt=0&limit=9&after=0.1.stdout' },
      arrange: (engine) => engine.append({ attempt: 1, sequence: 2, data: 'x', timestampMs: 3, stream: 'stderr' }),
    },
    {
      method: LogService.method.listLogLines,
      request: { id: 'run-1', jobId: 'build', attempt: 1, fromLine: 7, limit: 9 },
      http: { path: '/api/runs/run-1/jobs/build/lines?attempt=1&from_line=7&limit=9' },
    },
    {
      method: LogService.method.searchLog,
      request: { id: 'run-1', jobId: 'build', attempt: 1, text: 'Error', matchCase: true, fromLine: 7, limit: 9 },
      http: {
        path: '/api/runs/run-1/jobs/build/lines/search?attempt=1&text=Error&match_case=true&from_line=7&limit=9',
      },
    },
  ];
}

function fullWorkflow() {
  const backoff = { kind: 'exponential', baseSecs: 1, maxSecs: 8, jitter: false } as const;
  const spec = aSpec({
    metadata: { team: 'a', deep: [1, { b: null }] },
    timeoutSecs: 60,
    retry: { maxRetries: 1, backoff },
  });
  const failed = aJob('test', {
    spec,
    status: 'failure',
    startedAtMs: 1_700_000_000_000,
    endedAtMs: 1_700_000_001_500,
    error: 'exit 1',
    workerId: 'w1',
    outputs: new Map([['k', 'v']]),
  });
  return aWorkflow('ci', [aJob('build'), failed]);
}

function transports(url: string): [string, Transport][] {
  return [
    ['Connect JSON', createConnectTransport({ baseUrl: url, httpVersion: '1.1', useBinaryFormat: false })],
    ['Connect binary', createConnectTransport({ baseUrl: url, httpVersion: '1.1', useBinaryFormat: true })],
    ['Connect over HTTP/2', createConnectTransport({ baseUrl: url, httpVersion: '2' })],
    ['gRPC', createGrpcTransport({ baseUrl: url })],
    ['gRPC-Web', createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' })],
  ];
}

async function callRpc(transport: Transport, method: DescMethod, request: Record<string, unknown>): Promise<Message> {
  const unary = method as DescMethod & { methodKind: 'unary'; input: DescMessage; output: DescMessage };
  const answer = await transport.unary(unary, undefined, undefined, undefined, create(method.input, request));
  return answer.message;
}

async function callPath(server: RunningServer, { method, http }: Case): Promise<unknown> {
  const verb = bindMethod(method)?.verb ?? 'POST';
  const headers: Record<string, string> = { 'content-type': http.type ?? 'application/json' };
  const body = http.type === undefined ? JSON.stringify(http.body) : String(http.body);
  const init = http.body === undefined ? { method: verb } : { method: verb, headers, body };
  const response = await fetch(`${server.url}${http.path}`, init);
  expect(response.status, await response.clone().text()).toBe(bindMethod(method)?.status);
  return response.json();
}

describe('every unary method gives the same result, and the engine the same input, on every protocol', () => {
  const cases = unaryCases();

  test('there is a case for each unary method', () => {
    const all = [
      AuditService,
      GateService,
      JobService,
      LogService,
      RunService,
      SessionService,
      VariableService,
      WorkerService,
      WorkflowService,
    ]
      .flatMap((service) => service.methods as readonly DescMethod[])
      .filter(({ methodKind }) => methodKind === 'unary');
    expect(new Set(cases.map(({ method }) => method.name))).toEqual(new Set(all.map(({ name }) => name)));
  });

  test.each(cases.map((one, i) => [`${i} ${one.method.name}`, one] as const))('%s', async (_name, one) => {
    const expected = await run(one, async (server) => {
      const json = await callPath(server, one);
      return JSON.stringify(json);
    });
    const shown = bindMethod(one.method)?.response;
    for (const index of [0, 1, 2, 3, 4]) {
      const got = await run(one, async (server) => {
        const [name, transport] = transports(server.url)[index] ?? [];
        if (transport === undefined || shown === undefined) throw new Error(`no transport ${name}`);
        return shown.write(await callRpc(transport, one.method, one.request));
      });
      expect(got, `protocol ${index}`).toEqual(expected);
    }
  });

  async function run(one: Case, call: (server: RunningServer) => Promise<string>) {
    const server = await startServer();
    server.engine.workers.set('w1', { workerId: 'w1', labels: ['a'], onlyLabelled: false, slots: 1, version: '' });
    one.arrange?.(server.engine);
    const answer = await call(server);
    return { answer: JSON.parse(answer), inwards: server.engine.calls.map(plain) };
  }

  /** Maps as lists of entries, so that `__proto__` is compared too. */
  function plain(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value, (_key, inner) => (inner instanceof Map ? [...inner] : inner)));
  }
});

describe('a refusal says the same on every protocol', () => {
  test('a lease that is gone is 409 with its reason, and `aborted` with a detail', async () => {
    const server = await startServer();
    const response = await fetch(`${server.url}/api/jobs/expired/complete`, { method: 'POST' });
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      code: 'conflict',
      message: 'the lease has expired',
      reason: 'lease_expired',
    });
    for (const [name, transport] of transports(server.url)) {
      const error = await refusal(transport, JobService.method.completeJob, { leaseId: 'expired' });
      expect(error.code, name).toBe(Code.Aborted);
      expect(error.rawMessage, name).toBe('the lease has expired');
      expect(error.findDetails(ErrorDetailSchema)[0]?.reason, name).toBe(ErrorReason.LEASE_EXPIRED);
    }
  });

  test('a definition that cannot run names job, field, line and column', async () => {
    const server = await startServer();
    const response = await fetch(`${server.url}/api/workflows`, { method: 'POST', body: '{"name":"broken"}' });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({
      code: 'invalid_definition',
      message: 'job "build" needs "tests", which does not exist',
      details: [
        {
          message: 'job "build" needs "tests", which does not exist',
          field: 'jobs.build.needs[0]',
          job: 'build',
          line: 3,
          column: 9,
        },
      ],
    });
    for (const [name, transport] of transports(server.url)) {
      const request = { definition: { contentType: 'application/json', data: encoded('{"name":"broken"}') } };
      const error = await refusal(transport, WorkflowService.method.createWorkflow, request);
      expect(error.code, name).toBe(Code.InvalidArgument);
      const [detail] = error.findDetails(ErrorDetailSchema);
      if (detail === undefined) throw new Error(`${name} has no detail`);
      expect(toJson(ErrorDetailSchema, detail), name).toEqual({
        problems: [
          {
            message: 'job "build" needs "tests", which does not exist',
            field: 'jobs.build.needs[0]',
            job: 'build',
            line: 3,
            column: 9,
          },
        ],
      });
    }
  });

  test('a bug is answered with a fixed sentence and logged once with its stack', async () => {
    const server = await startServer();
    server.engine.bug = new TypeError('the secret inside');
    const response = await fetch(`${server.url}/api/workflows/ci/status`);
    const { code, message } = (await response.json()) as { code: string; message: string };
    expect([response.status, code]).toEqual([500, 'internal']);
    expect(message).toMatch(/^internal error; the server's log has the details under request \S+$/);
    const requestId = message.split(' ').at(-1);
    const entries = server.logged.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ request_id: requestId, err: { message: 'the secret inside' } });
    expect(entries[0].err.stack).toContain('the secret inside');
    for (const [name, transport] of transports(server.url)) {
      const error = await refusal(transport, WorkflowService.method.getWorkflowStatus, { id: 'ci' });
      expect(error.code, name).toBe(Code.Internal);
      expect(error.rawMessage, name).not.toContain('secret');
    }
  });

  async function refusal(transport: Transport, method: DescMethod, request: Record<string, unknown>) {
    return callRpc(transport, method, request).then(
      () => {
        throw new Error('was not refused');
      },
      (error: unknown) => ConnectError.from(error),
    );
  }
});
