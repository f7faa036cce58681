import { setTimeout as pause } from 'node:timers/promises';
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import type { Principal } from '../../src/api/principal.js';
import type { RecordedEngine } from './recorded-engine.js';
import { type RunningServer, startBuild, startServer, tokensOf } from './start-server.js';

function worker(name: string): Principal {
  return { tokenId: `id-of-${name}`, scopes: new Set(['worker', 'read']), labelLimit: null, onlyLabelled: false, name };
}

/** The result of a waiting call: `null` for no job, else the code and message of the error. */
type Ending = null | readonly [code: string, message: string];

/** The three calls that can wait for a job, over one protocol. */
interface Claimant {
  claim(): Promise<Ending>;
  claimMany(): Promise<Ending>;
  completeMany(): Promise<Ending>;
}

const wish = { workerId: 'w', labels: [], waitSecs: 60 };

function overJson(url: string, headers: Record<string, string>, leaseId = ''): Claimant {
  const post = async (path: string, body: unknown): Promise<Ending> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { code: string; message: string } | null;
    return response.status === 200 ? null : [`${response.status} ${answer?.code}`, answer?.message ?? ''];
  };
  const claim = { worker_id: 'w', labels: [], wait_secs: 60 };
  return {
    claim: () => post('/api/jobs/claim', claim),
    claimMany: () => post('/api/jobs/claim-many', { ...claim, max_jobs: 2 }),
    completeMany: () =>
      post('/api/jobs/complete-many', {
        reports: [{ lease_id: leaseId, success: {} }],
        claim: { ...claim, max_jobs: 2 },
      }),
  };
}

function overRpc(transport: Transport, leaseId: string): Claimant {
  const report = { leaseId, result: { case: 'success', value: {} } } as const;
  const client = createClient(JobService, transport);
  const ending = (answer: Promise<unknown>): Promise<Ending> =>
    answer.then(
      () => null,
      (thrown: unknown) => {
        const { code, rawMessage } = ConnectError.from(thrown);
        return [Code[code], rawMessage];
      },
    );
  return {
    claim: () => ending(client.claimJob(wish)),
    claimMany: () => ending(client.claimJobs({ ...wish, maxJobs: 2 })),
    completeMany: () => ending(client.completeJobs({ reports: [report], claim: { ...wish, maxJobs: 2 } })),
  };
}

const transports = {
  Connect: (baseUrl: string, interceptors: Interceptor[]) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', interceptors }),
  gRPC: (baseUrl: string, interceptors: Interceptor[]) => createGrpcTransport({ baseUrl, interceptors }),
  'gRPC-Web': (baseUrl: string, interceptors: Interceptor[]) =>
    createGrpcWebTransport({ baseUrl, httpVersion: '1.1', interceptors }),
} as const;

function claimants(
  url: string,
  token: string | null,
  leases: readonly string[],
): readonly (readonly [string, Claimant])[] {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const authorize: Interceptor = (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
  const rpc = Object.entries(transports).map(
    ([name, transport], i) => [name, overRpc(transport(url, [authorize]), leases[i + 1] ?? '')] as const,
  );
  return [['JSON', overJson(url, headers, leases[0])], ...rpc];
}

/** Sends each of the calls over each of the protocols, and returns their results once all of them wait. */
async function parkAll({ url, engine, fixture }: RunningServer, token: string | null) {
  const before = engine.parked;
  await fixture.run('name: Reported\njobs: { a: { run: x }, b: { run: x }, c: { run: x }, d: { run: x } }\n');
  const credential = token === null ? null : `id-of-${token}`;
  const leases = await fixture.claimMany(4, { caller: { credential } });
  const calls = claimants(
    url,
    token,
    leases.map(({ leaseId }) => leaseId),
  ).flatMap(([protocol, claimant]) =>
    (['claim', 'claimMany', 'completeMany'] as const).map(async (call) => ({
      protocol,
      call,
      ending: await claimant[call](),
    })),
  );
  await untilTrue(() => engine.parked === before + calls.length);
  return Promise.all.bind(Promise, calls) as () => Promise<{ protocol: string; call: string; ending: Ending }[]>;
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

/** From now on a claim whose wait is cut short gets a job at that moment. Returns the lease ids. */
function serveAtTheLast(engine: RecordedEngine): string[] {
  const leases: string[] = [];
  const { claimJobs } = engine;
  engine.claimJobs = async (input, patience) => {
    const given = await claimJobs(input, patience);
    if (given.length > 0) return given;
    const late = await claimJobs({ ...input, labels: ['late'], waitMs: 0 }, null);
    leases.push(...late.map(({ leaseId }) => leaseId));
    return late;
  };
  return leases;
}

describe('a claim that waits, over every protocol,', () => {
  test('ends with the error of a new call when its token is no longer valid; others keep waiting', async () => {
    const known: Record<string, Principal> = { leaver: worker('leaver'), stayer: worker('stayer') };
    const running = await startServer({ tokens: tokensOf(known) });
    const ended = await parkAll(running, 'leaver');
    const stayer = overJson(running.url, { authorization: 'Bearer stayer' }).claim();
    await untilTrue(() => running.engine.parked === 13);
    delete known.leaver;

    for (const { protocol, ending } of await ended()) {
      const code = protocol === 'JSON' ? '401 unauthenticated' : 'Unauthenticated';
      expect(ending).toEqual([code, 'the token is not valid']);
    }
    expect(running.engine.parked).toBe(1);
    await running.fixture.run('name: CI\njobs: { build: { run: make } }\n');
    expect(await stayer).toBeNull();
    expect(running.engine.released).toEqual([]);
  });

  test('releases the job that it got at the moment in which it was closed', async () => {
    const known: Record<string, Principal> = { leaver: worker('leaver'), other: worker('other') };
    const running = await startServer({ tokens: tokensOf(known) });
    const late = Array.from({ length: 20 }, (_, i) => `j${i}: { run: x, labels: late }`);
    await running.fixture.run(`name: Late\njobs: { ${late.join(', ')} }\n`);
    const leases = serveAtTheLast(running.engine);
    const ended = await parkAll(running, 'leaver');
    delete known.leaver;
    for (const { ending } of await ended()) expect(ending?.[1]).toBe('the token is not valid');
    // One job for each of four claims, two for each of the eight that request two.
    expect(leases).toHaveLength(20);
    expect([...running.engine.released].sort()).toEqual(leases.sort());
  });

  test('is refused when the first token is created on a server that needed none', async () => {
    const known: Record<string, Principal> = {};
    const running = await startServer({ tokens: tokensOf(known) });
    const ended = await parkAll(running, null);
    known.first = worker('first');
    for (const { ending } of await ended()) expect(ending?.[1]).toContain('a token is needed');
  });
});

test('a stream ends with the error of a new call when its token is no longer valid', async () => {
  const known: Record<string, Principal> = { leaver: worker('leaver'), other: worker('other') };
  const running = await startServer({ tokens: tokensOf(known) });
  const { url, engine } = running;
  await startBuild(running);
  const authorize: Interceptor = (next) => (request) => {
    request.header.set('authorization', 'Bearer leaver');
    return next(request);
  };
  const follow = async (transport: Transport): Promise<unknown> => {
    for await (const _ of createClient(LogService, transport).followJobLogs({ id: 'ci', jobId: 'build' }));
    return 'it ended well';
  };
  const ends = Object.values(transports).map((transport) => follow(transport(url, [authorize])).catch(String));
  await untilTrue(() => engine.followers === ends.length);
  delete known.leaver;
  for (const end of await Promise.all(ends)) expect(end).toContain('the token is not valid');
});
