import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkJobsRequest, WorkJobsResponse } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { anyone, type Principal } from '../../src/api/principal.js';
import type { Call } from '../../src/api/procedure.js';
import { streamHeartbeats } from '../../src/api/stream-heartbeats.js';
import { workJobs } from '../../src/api/work-jobs.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

function callOf(principal: Principal = anyone, signal: AbortSignal = new AbortController().signal): Call {
  return {
    context: {
      protocol: 'grpc',
      authorization: null,
      session: null,
      basePath: '/',
      traceparent: null,
      remoteAddress: '',
      requestId: '',
      signal,
      isGone: () => false,
    },
    principal,
    caller: { credential: principal.tokenId },
    async recheck() {},
    onDoubt: () => () => {},
  };
}

const hello = {
  $typeName: 'workflowgraph.v1.WorkJobsRequest.Hello',
  workerId: 'w1',
  labels: [] as string[],
  leaseTtlSecs: 30n,
  slots: 4,
  version: '',
  onlyLabelled: false,
} as const;

function message(parts: Partial<WorkJobsRequest>): WorkJobsRequest {
  return {
    $typeName: 'workflowgraph.v1.WorkJobsRequest',
    addCredits: 0,
    receivedLeaseIds: [],
    reports: [],
    drain: false,
    ...parts,
  };
}

const report = (leaseId: string) =>
  ({
    $typeName: 'workflowgraph.v1.JobReport',
    leaseId,
    result: { case: 'success', value: { $typeName: 'workflowgraph.v1.Outputs', values: {} } },
  }) as const;

/** Messages of a caller, which records how many of them were read. */
function sender<T>(messages: readonly T[], { ends }: { ends: boolean }) {
  const sent = { read: 0, isReturned: false, requests: requests() };
  async function* requests(): AsyncGenerator<T> {
    try {
      for (const each of messages) {
        sent.read += 1;
        yield each;
      }
      if (!ends) await new Promise(() => {});
    } finally {
      sent.isReturned = true;
    }
  }
  return sent;
}

const seenMs = async () =>
  (await fixture.engine.listWorkers({ limit: 10, offset: 0 })).map(({ lastHeartbeatMs }) => lastHeartbeatMs);

describe('a session whose first message is refused', () => {
  it('is closed: nothing is claimed for it, and no heartbeats follow', async () => {
    const { requests } = sender([message({ hello, addCredits: 20_000 })], { ends: false });
    const stream = workJobs(fixture.engine, requests, callOf());
    await expect(stream.next()).rejects.toThrow('add_credits: a session has at most 10000 credits');
    await settled();
    const seen = await seenMs();
    await fixture.environment.advance(60_000);
    expect(await seenMs()).toEqual(seen);
    await fixture.run('jobs: { a: { run: x } }');
    expect((await fixture.claimed()).jobKey).toBe('a');
  });

  it('is not opened if the token may not offer its labels', async () => {
    const limited: Principal = { ...anyone, tokenId: 't', name: 'gpu-box', labelLimit: ['gpu'] };
    const { requests } = sender([message({ hello: { ...hello, labels: ['gpu', 'prod'] } })], { ends: false });
    const stream = workJobs(fixture.engine, requests, callOf(limited));
    await expect(stream.next()).rejects.toThrow('the token "gpu-box" may not offer the label "prod"');
    expect(await seenMs()).toEqual([]);
    // Feature labels are always allowed.
    const allowed = sender([message({ hello: { ...hello, labels: ['gpu', 'feature:exit-codes'] } })], { ends: true });
    await workJobs(fixture.engine, allowed.requests, callOf(limited)).next();
    expect(await seenMs()).toHaveLength(1);
  });
});

describe('a session with a token for labelled jobs only', () => {
  it('gets no other job, whatever its hello requests', async () => {
    await fixture.run('jobs: { plain: { run: x }, train: { run: x, labels: gpu } }');
    const only: Principal = { ...anyone, tokenId: 't', onlyLabelled: true };
    const { requests } = sender([message({ hello: { ...hello, labels: ['gpu'] }, addCredits: 2 })], { ends: false });
    const stream = workJobs(fixture.engine, requests, callOf(only));
    const { value } = (await stream.next()) as IteratorYieldResult<WorkJobsResponse>;
    expect(value.claims.map((claim) => claim.job?.jobId)).toEqual(['train']);
    await stream.return(undefined);
  });
});

describe('a worker that does not read', () => {
  it('is not read from while a thousand results wait for it', async () => {
    const reports = Array.from({ length: 400 }, (_, at) => report(`lease-${at}`));
    const messages = Array.from({ length: 20 }, () => message({ reports }));
    const sent = sender([message({ hello }), ...messages], { ends: true });
    const stream = workJobs(fixture.engine, sent.requests, callOf());
    const first = stream.next();
    await settled();
    // It reads one message, and then none.
    await first;
    await settled();
    const heldBack = sent.read;
    expect(heldBack).toBeLessThan(10);
    await settled();
    expect(sent.read).toBe(heldBack);
    let results = ((await first).value as WorkJobsResponse).results.length;
    for await (const { results: more } of stream) results += more.length;
    expect(sent.read).toBe(21);
    expect(results).toBe(8_000);
  });

  it('is not read from while the responses to a thousand heartbeats wait for it', async () => {
    const leaseIds = Array.from({ length: 600 }, (_, at) => `lease-${at}`);
    const messages = Array.from({ length: 20 }, () => ({
      $typeName: 'workflowgraph.v1.StreamHeartbeatsRequest' as const,
      leaseIds,
    }));
    const sent = sender(messages, { ends: true });
    const stream = streamHeartbeats(fixture.engine, sent.requests, callOf());
    const first = stream.next();
    await settled();
    await first;
    await settled();
    expect(sent.read).toBeLessThan(10);
    let states = (await first).value.leases.length as number;
    for await (const { leases } of stream) states += leases.length;
    expect(states).toBe(12_000);
  });
});

describe('a session on a server that is about to stop', () => {
  it('is notified even if the server began to stop before its hello arrived', async () => {
    const stopping = new AbortController();
    stopping.abort();
    const sent = sender([message({ hello, addCredits: 1 })], { ends: false });
    await fixture.run('jobs: { a: { run: x } }');
    const stream = workJobs(fixture.engine, sent.requests, callOf(anyone, stopping.signal));
    const { value } = (await stream.next()) as IteratorYieldResult<WorkJobsResponse>;
    expect(value).toMatchObject({ draining: true, claims: [] });
    await stream.return(undefined);
    expect((await fixture.claimed()).jobKey).toBe('a');
  });
});
