import { create, type DescMessage, type DescMethod, type Message, toJson } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { ErrorDetailSchema, ErrorReason } from '../../gen/workflowgraph/v1/types_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { bindMethod } from '../../src/http/json-binding/bind-method.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { makeWorld, type ServedWorld } from './served-world.js';
import { claimBuild, type RunningServer, startServer } from './start-server.js';

/** One call of each unary method: its request for RPC, and for the documented path. */
interface Case {
  readonly method: DescMethod;
  readonly request: Record<string, unknown>;
  readonly http: { readonly path: string; readonly body?: unknown; readonly type?: string };
}

const encoded = (text: string) => new TextEncoder().encode(text);
const yaml = 'name: CI\njobs: { build: { run: make } }\n';

const nowhere: ServedWorld = {
  run: '',
  lease: '',
  expired: '',
  cancelled: '',
  created: '',
  labelSet: 0,
  next: { audit: '', gates: '', runs: '', history: '', schedules: '', summaries: '', variables: '' },
};

function unaryCases(world: ServedWorld): Case[] {
  const { run, lease, next } = world;
  const job = JobService.method;
  const worker = WorkerService.method;
  const workflow = WorkflowService.method;
  const audit = AuditService.method;
  const claim = { worker_id: 'w1', labels: ['linux'], lease_ttl_secs: 60 };
  const wireClaim = { workerId: 'w1', labels: ['linux'], leaseTtlSecs: 60n };
  const chunk = { workflow_id: run, job_id: 'build', sequence: 7, data: 'hi\n', timestamp_ms: 1_700_000_000_123 };
  return [
    { method: job.claimJob, request: wireClaim, http: { path: '/api/jobs/claim', body: claim } },
    {
      method: job.claimJob,
      request: { ...wireClaim, labels: ['none'], onlyLabelled: true },
      http: { path: '/api/jobs/claim', body: { ...claim, labels: ['none'], only_labelled: true } },
    },
    {
      method: job.claimJobs,
      request: { ...wireClaim, maxJobs: 2 },
      http: { path: '/api/jobs/claim-many', body: { ...claim, max_jobs: 2 } },
    },
    {
      method: audit.listAuditEvents,
      request: { limit: 2, action: 'run.started', subject: '', pageToken: next.audit },
      http: { path: `/api/audit?limit=2&action=run.started&subject=&page_token=${next.audit}` },
    },
    {
      method: GateService.method.listGates,
      request: { prefix: 'dep', limit: 1, pageToken: next.gates },
      http: { path: `/api/gates?prefix=dep&limit=1&page_token=${next.gates}` },
    },
    { method: job.heartbeatLease, request: { leaseId: lease }, http: { path: `/api/jobs/${lease}/heartbeat` } },
    {
      method: job.pushLogs,
      request: {
        leaseId: lease,
        chunks: [
          { workflowId: run, jobId: 'build', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n, stream: 2 },
          { workflowId: run, jobId: 'build', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n },
        ],
      },
      http: { path: `/api/jobs/${lease}/logs`, body: { chunks: [{ ...chunk, stream: 'stderr' }, chunk] } },
    },
    {
      method: job.completeJob,
      request: { leaseId: lease, outputs: { version: '1.2.3', ['__proto__']: 'kept' } },
      http: {
        path: `/api/jobs/${lease}/complete`,
        body: JSON.parse('{"outputs":{"version":"1.2.3","__proto__":"kept"}}'),
      },
    },
    {
      method: job.completeJobs,
      request: {
        reports: [
          { leaseId: lease, result: { case: 'success', value: { values: { a: '1' } } } },
          { leaseId: world.expired, result: { case: 'failure', value: { error: 'no', retryable: true } } },
        ],
        claim: { ...wireClaim, maxJobs: 1 },
      },
      http: {
        path: '/api/jobs/complete-many',
        body: {
          reports: [
            { lease_id: lease, success: { a: '1' } },
            { lease_id: world.expired, failure: { error: 'no', retryable: true } },
          ],
          claim: { ...claim, max_jobs: 1 },
        },
      },
    },
    {
      method: job.failJob,
      request: { leaseId: lease, error: 'exit 1', retryable: true },
      http: { path: `/api/jobs/${lease}/fail`, body: { error: 'exit 1', retryable: true } },
    },
    { method: job.releaseJob, request: { leaseId: lease }, http: { path: `/api/jobs/${lease}/release` } },
    {
      method: job.getJobCancelled,
      request: { workflowId: world.cancelled, jobId: 'stopped' },
      http: { path: `/api/jobs/${world.cancelled}/stopped/cancelled` },
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
      request: { labelSet: world.labelSet, limit: 5 },
      http: { path: `/api/queue/${world.labelSet}/jobs?limit=5` },
    },
    {
      method: workflow.listWorkflows,
      request: { limit: 7, offset: 1, status: 2 },
      http: { path: '/api/workflows?limit=7&offset=1&status=running' },
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
    },
    { method: workflow.getWorkflowInputs, request: { id: 'ci' }, http: { path: '/api/workflows/ci/inputs' } },
    {
      method: workflow.runWorkflow,
      request: { id: 'ci', inputs: { who: 'you', target: 'production' }, requestId: 'x'.repeat(16) },
      http: {
        path: '/api/workflows/ci/run',
        body: { inputs: { who: 'you', target: 'production' }, request_id: 'x'.repeat(16) },
      },
    },
    { method: workflow.cancelWorkflow, request: { id: 'ci' }, http: { path: '/api/workflows/ci/cancel' } },
    {
      method: workflow.rerunWorkflow,
      request: { id: 'ci', jobs: ['check'], dependants: false, force: true, requestId: 'x'.repeat(16), dryRun: true },
      http: {
        path: '/api/workflows/ci/rerun',
        body: { jobs: ['check'], dependants: false, force: true, request_id: 'x'.repeat(16), dry_run: true },
      },
    },
    {
      method: workflow.listSchedules,
      request: { limit: 3, pageToken: next.schedules },
      http: { path: `/api/schedules?limit=3&page_token=${next.schedules}` },
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
    {
      method: workflow.removeWorkflow,
      request: { id: world.created },
      http: { path: `/api/workflows/${world.created}` },
    },
    {
      method: workflow.explainJob,
      request: { id: 'ci', jobId: 'build' },
      http: { path: '/api/workflows/ci/jobs/build/why' },
    },
    { method: workflow.explainRun, request: { id: 'ci' }, http: { path: '/api/workflows/ci/why' } },
    {
      method: workflow.listRuns,
      request: { workflow: 'ci', state: 5, pageToken: next.runs },
      http: { path: `/api/runs?workflow=ci&state=cancelled&page_token=${next.runs}` },
    },
    {
      method: workflow.listRuns,
      request: {
        states: [2, 4],
        workflows: ['ci', 'other'],
        createdAfterMs: 5n,
        createdBeforeMs: 1_800_000_000_000n,
        startedBy: 'id-of-bot',
        query: 'for',
        withDetails: true,
        limit: 1000,
      },
      http: {
        path: '/api/runs?states=running&states=failure&workflows=ci&workflows=other&created_after_ms=5&created_before_ms=1800000000000&started_by=id-of-bot&query=for&with_details=true&limit=1000',
      },
    },
    {
      method: workflow.listWorkflowSummaries,
      request: { limit: 3, pageToken: next.summaries, query: 'c' },
      http: { path: `/api/workflow-summaries?limit=3&page_token=${next.summaries}&query=c` },
    },
    {
      method: RunService.method.getRunGraph,
      request: { workflow: 'ci', version: 1 },
      http: { path: '/api/workflows/ci/versions/1/graph' },
    },
    {
      method: RunService.method.listRunJobs,
      request: { id: run, fromOrdinal: 1, limit: 5, phases: [4, 6] },
      http: { path: `/api/runs/${run}/jobs?from_ordinal=1&limit=5&phases=running&phases=failure` },
    },
    {
      method: RunService.method.getJob,
      request: { id: run, jobId: 'build' },
      http: { path: `/api/runs/${run}/jobs/build` },
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
      request: { workflow: 'ci', limit: 3, pageToken: next.variables },
      http: { path: `/api/variables?workflow=ci&limit=3&page_token=${next.variables}` },
    },
    {
      method: RunService.method.getJobHistory,
      request: { workflow: 'ci', limit: 5, pageToken: next.history },
      http: { path: `/api/workflows/ci/job-history?limit=5&page_token=${next.history}` },
    },
    { method: SessionService.method.getSession, request: {}, http: { path: '/api/session' } },
    { method: SessionService.method.listSessions, request: {}, http: { path: '/api/sessions' } },
    {
      method: SessionService.method.endSession,
      request: { sessionId: 's1' },
      http: { path: '/api/sessions/s1/end', body: {} },
    },
    { method: TokenService.method.listTokens, request: {}, http: { path: '/api/tokens' } },
    {
      method: TokenService.method.createToken,
      request: { name: 'root', scopes: ['admin'], hasLabelLimit: true, labels: ['gpu'], onlyLabelled: true },
      http: {
        path: '/api/tokens',
        body: { name: 'root', scopes: ['admin'], has_label_limit: true, labels: ['gpu'], only_labelled: true },
      },
    },
    {
      method: TokenService.method.revokeToken,
      request: { tokenId: 'a1b2c3d4e5' },
      http: { path: '/api/tokens/a1b2c3d4e5/revoke', body: {} },
    },
    {
      method: LogService.method.getJobLogs,
      request: { id: 'ci', jobId: 'build', attempt: 0, limit: 9, after: '0.1.stdout' },
      http: { path: '/api/workflows/ci/jobs/build/logs?attempt=0&limit=9&after=0.1.stdout' },
    },
    {
      method: LogService.method.listLogLines,
      request: { id: run, jobId: 'build', attempt: 0, fromLine: 1, limit: 9 },
      http: { path: `/api/runs/${run}/jobs/build/lines?attempt=0&from_line=1&limit=9` },
    },
    {
      method: LogService.method.searchLog,
      request: { id: run, jobId: 'build', attempt: 0, text: 'Error', matchCase: true, fromLine: 1, limit: 9 },
      http: {
        path: `/api/runs/${run}/jobs/build/lines/search?attempt=0&text=Error&match_case=true&from_line=1&limit=9`,
      },
    },
  ];
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
  const original = new EngineFixture('sqlite');
  let world = nowhere;
  beforeAll(async () => {
    world = await makeWorld(await original.start());
    await original.stop();
  });
  afterAll(() => original.end());

  const names = unaryCases(nowhere).map(({ method }, i) => `${i} ${method.name}`);

  test('there is a case for each unary method', () => {
    const all = [
      AuditService,
      GateService,
      JobService,
      LogService,
      RunService,
      SessionService,
      TokenService,
      VariableService,
      WorkerService,
      WorkflowService,
    ]
      .flatMap((service) => service.methods as readonly DescMethod[])
      .filter(({ methodKind }) => methodKind === 'unary');
    expect(new Set(unaryCases(nowhere).map(({ method }) => method.name))).toEqual(new Set(all.map(({ name }) => name)));
  });

  test.each(names.map((name, i) => [name, i] as const))('%s', async (_name, i) => {
    const one = unaryCases(world)[i];
    if (one === undefined) throw new Error(`there is no case ${i}`);
    const binding = bindMethod(one.method);
    // A call that changes something meets a copy of the world that no other has changed.
    const shared = binding?.verb === 'GET' ? await startServer({ copyOf: original }) : null;
    const run = async (call: (server: RunningServer) => Promise<string>) => {
      const server = shared ?? (await startServer({ copyOf: original }));
      server.engine.calls.length = 0;
      const answer = await call(server);
      return { answer: JSON.parse(answer), inwards: server.engine.calls.map(plain) };
    };

    const expected = await run(async (server) => JSON.stringify(await callPath(server, one)));
    for (const index of [0, 1, 2, 3, 4]) {
      const got = await run(async (server) => {
        const [name, transport] = transports(server.url)[index] ?? [];
        if (transport === undefined || binding === null) throw new Error(`no transport ${name}`);
        return binding.response.write(await callRpc(transport, one.method, one.request));
      });
      expect(got, `protocol ${index}`).toEqual(expected);
    }
  });

  /** Maps as lists of entries, so that `__proto__` is compared too. */
  function plain(value: unknown): unknown {
    const text = JSON.stringify(value, function (this: Record<string, unknown>, key, inner) {
      const raw = this[key];
      if (raw instanceof Uint8Array) return new TextDecoder().decode(raw);
      return inner instanceof Map ? [...inner] : inner;
    });
    return JSON.parse(text);
  }
});

describe('a refusal says the same on every protocol', () => {
  test('a lease that is gone is 409 with its reason, and `aborted` with a detail', async () => {
    const server = await startServer();
    const { leaseId } = await claimBuild(server);
    await server.fixture.environment.advance(31_000);
    const message = 'The lease has ended: it was not renewed in time.';
    const response = await fetch(`${server.url}/api/jobs/${leaseId}/complete`, { method: 'POST' });
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      code: 'conflict',
      message,
      reason: 'lease_expired',
    });
    for (const [name, transport] of transports(server.url)) {
      const error = await refusal(transport, JobService.method.completeJob, { leaseId });
      expect(error.code, name).toBe(Code.Aborted);
      expect(error.rawMessage, name).toBe(message);
      expect(error.findDetails(ErrorDetailSchema)[0]?.reason, name).toBe(ErrorReason.LEASE_EXPIRED);
    }
  });

  test('a definition that cannot run names job, field, line and column', async () => {
    const server = await startServer();
    const broken = '{"name":"broken",\n "jobs":[\n  {"id":"build", "command":"make", "depends_on":["tests"]}]}';
    const response = await fetch(`${server.url}/api/workflows`, { method: 'POST', body: broken });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({
      code: 'invalid_definition',
      message: 'The definition cannot run: job "build" needs "tests", which does not exist',
      details: [
        {
          message: 'job "build" needs "tests", which does not exist',
          field: 'jobs[0].depends_on[0]',
          job: 'build',
          line: 3,
          column: 50,
        },
      ],
    });
    for (const [name, transport] of transports(server.url)) {
      const request = { definition: { contentType: 'application/json', data: encoded(broken) } };
      const error = await refusal(transport, WorkflowService.method.createWorkflow, request);
      expect(error.code, name).toBe(Code.InvalidArgument);
      const [detail] = error.findDetails(ErrorDetailSchema);
      if (detail === undefined) throw new Error(`${name} has no detail`);
      expect(toJson(ErrorDetailSchema, detail), name).toEqual({
        problems: [
          {
            message: 'job "build" needs "tests", which does not exist',
            field: 'jobs[0].depends_on[0]',
            job: 'build',
            line: 3,
            column: 50,
          },
        ],
      });
    }
  });

  test('a bug is answered with a fixed sentence and logged once with its stack', async () => {
    const server = await startServer();
    server.engine.workflowStatus = async () => {
      throw new TypeError('the secret inside');
    };
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
