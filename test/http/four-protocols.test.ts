import { create, type DescMessage, type DescMethod, type Message, toJson } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { ErrorDetailSchema, ErrorReason } from '../../gen/workflowgraph/v1/types_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { bindMethod } from '../../src/http/json-binding/bind-method.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { makeWorld } from './served-world.js';
import { claimBuild, type RunningServer, startServer } from './start-server.js';
import { encoded, nowhere, type UnaryCase, unaryCases } from './unary-cases.js';

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

async function callPath(server: RunningServer, { method, http }: UnaryCase): Promise<unknown> {
  const verb = bindMethod(method)?.verb ?? 'POST';
  const headers: Record<string, string> = { 'content-type': http.type ?? 'application/json' };
  const body = http.type === undefined ? JSON.stringify(http.body) : String(http.body);
  const init = http.body === undefined ? { method: verb } : { method: verb, headers, body };
  const response = await fetch(`${server.url}${http.path}`, init);
  expect(response.status, await response.clone().text()).toBe(bindMethod(method)?.status);
  return response.json();
}

describe('every unary method returns the same result, and passes the engine the same input, on every protocol', () => {
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
      DefinitionService,
      GateService,
      JobService,
      LogService,
      RunService,
      SessionService,
      PauseService,
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
    if (one === undefined) throw new Error(`case ${i} does not exist`);
    const binding = bindMethod(one.method);
    // A call that changes something runs on its own copy of the world.
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

describe('an error is the same on every protocol', () => {
  test('a lost lease is 409 with its reason, and `aborted` with a detail', async () => {
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
