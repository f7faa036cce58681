import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  JobServiceClient,
  type WorkJobsRequest,
  type WorkJobsResponse,
} from '../../clients/typescript/src/gen/workflowgraph/v1/job_service.js';
import { LogServiceClient } from '../../clients/typescript/src/gen/workflowgraph/v1/log_service.js';
import { WatchLevel } from '../../clients/typescript/src/gen/workflowgraph/v1/runs.js';
import { ErrorReason, LogStream } from '../../clients/typescript/src/gen/workflowgraph/v1/types.js';
import { WorkflowServiceClient } from '../../clients/typescript/src/gen/workflowgraph/v1/workflow_service.js';
import { ServerHere } from '../support/running-server.js';
import { soon } from '../support/until.js';

let here: ServerHere;

beforeEach(async () => {
  here = await new ServerHere().start();
});

afterEach(() => here.end());

function message(parts: Partial<WorkJobsRequest>): WorkJobsRequest {
  return { hello: undefined, add_credits: 0, received_lease_ids: [], reports: [], drain: false, ...parts };
}

function openSession(client: JobServiceClient, slots: number) {
  const stream = client.workJobs();
  const answers: WorkJobsResponse[] = [];
  const errors: Error[] = [];
  let ended = false;
  stream.on('data', (answer: WorkJobsResponse) => answers.push(answer));
  stream.on('error', (error) => errors.push(error));
  stream.on('end', () => {
    ended = true;
  });
  stream.write(
    message({
      hello: { worker_id: 'w1', labels: [], only_labelled: false, lease_ttl_secs: 30, slots, version: 'test' },
      add_credits: slots,
    }),
  );
  return {
    stream,
    answers,
    errors,
    claims: () => answers.flatMap((answer) => answer.claims),
    results: () => answers.flatMap((answer) => answer.results),
    hasEnded: () => ended,
  };
}

const leaseOf = (claim: WorkJobsResponse['claims'][number] | undefined): string => claim?.lease?.lease_id ?? '';

describe('a job session over gRPC', () => {
  let client: JobServiceClient;

  beforeEach(() => {
    const { address, credentials } = here.grpc;
    client = new JobServiceClient(address, credentials);
  });

  afterEach(() => client.close());

  it('carries a whole run: jobs pushed within the credits, reports answered, dependents following', async () => {
    await here.define('jobs: { a: { run: x }, b: { run: x }, c: { run: x, needs: [a, b] } }');
    const session = openSession(client, 1);
    const run = await here.run('wf');
    for (const expected of ['a', 'b', 'c']) {
      const claim = await soon(() => session.claims().find((each) => each.job?.job_id === expected));
      expect(session.claims().at(-1)).toBe(claim);
      session.stream.write(
        message({
          received_lease_ids: [leaseOf(claim)],
          reports: [
            { lease_id: leaseOf(claim), success: { values: new Map([['from', expected]]) }, failure: undefined },
          ],
        }),
      );
    }
    await soon(() => session.results().length === 3);
    expect(session.results().map((result) => result.refused)).toEqual([undefined, undefined, undefined]);
    expect(session.claims().at(-1)?.job?.upstream_outputs.get('a')?.values.get('from')).toBe('a');
    session.stream.end();
    await soon(session.hasEnded);
    expect((await here.server.engine.workflowStatus(run)).run?.state).toBe('success');
  });

  it('gives the reason of a refused report; one on a lease that was never granted returns no credit', async () => {
    await here.define('jobs: { a: { run: x }, b: { run: x } }');
    const session = openSession(client, 1);
    await here.run('wf');
    const first = await soon(() => session.claims()[0]);
    session.stream.write(
      message({ reports: [{ lease_id: 'no-such-lease', success: { values: new Map() }, failure: undefined }] }),
    );
    await soon(() => session.results().length === 1);
    expect(session.results()[0]).toMatchObject({
      lease_id: 'no-such-lease',
      refused: ErrorReason.ERROR_REASON_UNKNOWN_LEASE,
    });
    session.stream.write(
      message({ reports: [{ lease_id: leaseOf(first), success: { values: new Map() }, failure: undefined }] }),
    );
    await soon(() => session.claims().length === 2);
    // The second job came with or after the result of the report on the first.
    const at = (of: (answer: WorkJobsResponse) => boolean) => session.answers.findIndex(of);
    const resultOfFirst = at(({ results }) => results.some((result) => result.lease_id === leaseOf(first)));
    const second = at(({ claims }) => claims.some((claim) => leaseOf(claim) !== leaseOf(first)));
    expect(second).toBeGreaterThanOrEqual(resultOfFirst);
    session.stream.end();
  });

  it('refuses a single report that is too large, and the session continues', async () => {
    await here.define('jobs: { a: { run: x }, b: { run: x } }');
    const session = openSession(client, 2);
    await here.run('wf');
    await soon(() => session.claims().length === 2);
    const [first, second] = session.claims();
    const values = { big: 'x'.repeat(65 * 1024) };
    session.stream.write(
      message({
        reports: [
          { lease_id: leaseOf(first), success: { values: new Map(Object.entries(values)) }, failure: undefined },
          { lease_id: leaseOf(second), success: { values: new Map() }, failure: undefined },
        ],
      }),
    );
    await soon(() => session.results().length === 2);
    const results = new Map(session.results().map((result) => [result.lease_id, result]));
    expect(results.get(leaseOf(first))).toMatchObject({ refused: ErrorReason.ERROR_REASON_UNSPECIFIED });
    expect(results.get(leaseOf(first))?.message).toContain('65536');
    expect(results.get(leaseOf(second))?.refused).toBeUndefined();
    expect(session.errors).toEqual([]);
    session.stream.end();
  });

  it('pushes a cancellation', async () => {
    await here.define('jobs: { a: { run: x } }');
    const session = openSession(client, 1);
    const run = await here.run('wf');
    const claim = await soon(() => session.claims()[0]);
    await here.server.engine.cancelRun({ caller: { credential: null }, id: run, force: false, requestId: null });
    await soon(() => session.answers.some((answer) => answer.cancelled_lease_ids.includes(leaseOf(claim))));
    session.stream.end();
  });

  it('is notified that the server drains, and then ends', async () => {
    const session = openSession(client, 1);
    await soon(async () => (await here.server.engine.listWorkers({ limit: 1, offset: 0 })).length === 1);
    const stopped = here.stop();
    await soon(() => session.answers.some((answer) => answer.draining));
    await stopped;
    await soon(() => session.hasEnded() || session.errors.length > 0);
  });

  it('is refused if it does not begin with hello', async () => {
    const stream = client.workJobs();
    const failed = new Promise<Error>((resolve) => stream.on('error', resolve));
    stream.write(message({ add_credits: 1 }));
    stream.resume();
    expect((await failed).message).toContain('hello');
  });

  it('releases what was parked for a broken connection', async () => {
    await here.define('jobs: { a: { run: x } }');
    const session = openSession(client, 1);
    await soon(async () => (await here.server.engine.listWorkers({ limit: 1, offset: 0 })).length === 1);
    session.stream.cancel();
    await soon(() => session.errors.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await here.run('wf');
    const other = openSession(client, 1);
    await soon(() => other.claims().length === 1);
    other.stream.end();
  });
});

describe('streams outside the session', () => {
  it('renews leases, and pushes a cancellation unprompted', async () => {
    const { address, credentials } = here.grpc;
    const client = new JobServiceClient(address, credentials);
    await here.define('jobs: { a: { run: x } }');
    const run = await here.run('wf');
    const [job] = await here.server.engine.claimJobs(
      {
        caller: { credential: null },
        workerId: 'w1',
        labels: [],
        onlyLabelled: false,
        leaseTtlSecs: 30,
        waitMs: 0,
        requestId: null,
        maxJobs: 1,
      },
      null,
    );
    const stream = client.streamHeartbeats();
    const states: { lease_id: string; seconds_left: number; cancelled: boolean; lost?: string | undefined }[] = [];
    stream.on('data', (answer) => states.push(...answer.leases));
    stream.write({ lease_ids: [job?.leaseId ?? '', 'gone'] });
    await soon(() => states.length === 2);
    expect(states.find((state) => state.lease_id === job?.leaseId)).toMatchObject({
      seconds_left: 30,
      cancelled: false,
    });
    expect(states.find((state) => state.lease_id === 'gone')).toMatchObject({
      lost: ErrorReason.ERROR_REASON_UNKNOWN_LEASE,
    });
    await here.server.engine.cancelRun({ caller: { credential: null }, id: run, force: false, requestId: null });
    await soon(() => states.some((state) => state.cancelled));
    stream.end();
    client.close();
  });

  it('accepts logs, confirms what is durable, and delivers them to a follower to the end of the job', async () => {
    const { address, credentials } = here.grpc;
    const jobs = new JobServiceClient(address, credentials);
    const logs = new LogServiceClient(address, credentials);
    await here.define('jobs: { a: { run: x } }');
    const run = await here.run('wf');
    const session = openSession(jobs, 1);
    const claim = await soon(() => session.claims()[0]);
    const durable: number[] = [];
    const up = logs.streamLogs();
    up.on('data', (answer) => durable.push(answer.durable_sequence));
    const text: string[] = [];
    let over = false;
    const follower = logs.followJobLogs({ id: run, job_id: 'a', attempt: undefined, after: '' });
    follower.on('data', (answer) => text.push(...answer.chunks.map((chunk: { data: string }) => chunk.data)));
    follower.on('end', () => {
      over = true;
    });
    for (let sequence = 0; sequence < 5; sequence++) {
      up.write({
        lease_id: leaseOf(claim),
        chunks: [
          {
            workflow_id: '',
            job_id: '',
            sequence,
            data: `line ${sequence}\n`,
            timestamp_ms: 1,
            stream: LogStream.LOG_STREAM_STDOUT,
            attempt: 0,
          },
        ],
      });
    }
    await soon(() => durable.at(-1) === 4);
    session.stream.write(
      message({ reports: [{ lease_id: leaseOf(claim), success: { values: new Map() }, failure: undefined }] }),
    );
    await soon(() => over);
    expect(text.join('')).toBe('line 0\nline 1\nline 2\nline 3\nline 4\n');
    up.end();
    session.stream.end();
    jobs.close();
    logs.close();
  });

  it('delivers the changes of a run, each once, to its end', async () => {
    const { address, credentials } = here.grpc;
    const jobs = new JobServiceClient(address, credentials);
    const workflows = new WorkflowServiceClient(address, credentials);
    await here.define('jobs: { a: { run: x } }');
    const run = await here.run('wf');
    const types: string[] = [];
    let over = false;
    const watch = workflows.watchRuns({
      id: run,
      after_event: 0,
      ids: [],
      level: WatchLevel.WATCH_LEVEL_UNSPECIFIED,
      heartbeats: false,
    });
    watch.on('data', (answer) => types.push(...answer.events.map((event: { type: string }) => event.type)));
    watch.on('end', () => {
      over = true;
    });
    const session = openSession(jobs, 1);
    const claim = await soon(() => session.claims()[0]);
    session.stream.write(
      message({ reports: [{ lease_id: leaseOf(claim), success: { values: new Map() }, failure: undefined }] }),
    );
    await soon(() => over);
    expect(types).toEqual(['run.queued', 'run.running', 'job.running', 'job.success', 'run.success']);
    session.stream.end();
    jobs.close();
    workflows.close();
  });
});
