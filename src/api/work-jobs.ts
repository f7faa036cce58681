import type { JobReport, WorkJobsRequest, WorkJobsResponse } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine } from '../engine/engine.js';
import { requireLabelsWithin } from './authenticate.js';
import { toWireClaim } from './convert/claim.js';
import { fromInt64 } from './convert/numbers.js';
import { Outbox } from './outbox.js';
import type { Call } from './procedure.js';
import { reportJob } from './report-job.js';

/** How long a worker may go on with its stream once the server is about to stop, in milliseconds. */
const drainMs = 1_000;

/** How many credits a session can have: more than any worker has slots. */
const creditsMax = 10_000;

/**
 * A worker's session. The first message says who it is; credits let jobs come; reports and word of arrivals ride along,
 * many in a message; results, jobs, cancellations and lost leases come back, all that came in one turn together.
 */
export async function* workJobs(
  engine: Engine,
  requests: AsyncIterable<WorkJobsRequest>,
  call: Call,
): AsyncGenerator<WorkJobsResponse> {
  const outbox = new Outbox<WorkJobsResponse>(emptyResponse);
  const incoming = requests[Symbol.asyncIterator]();
  const session = openSession(engine, await firstMessage(incoming), call, outbox);
  const onStop = () => {
    session.drain();
    outbox.add((draft) => {
      draft.draining = true;
    });
    setTimeout(() => outbox.close(), drainMs).unref();
  };
  call.context.signal.addEventListener('abort', onStop, { once: true });
  void readAll();
  try {
    yield* outbox.messages();
  } finally {
    call.context.signal.removeEventListener('abort', onStop);
    session.close();
    void incoming.return?.();
  }

  async function readAll(): Promise<void> {
    try {
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) take(next.value);
      await session.settled();
      outbox.close();
    } catch (error) {
      outbox.fail(error);
    }
  }

  function take(message: WorkJobsRequest): void {
    if (message.hello !== undefined) throw new DomainError('malformed', 'hello: it is the first message only');
    session.take(message);
  }
}

async function firstMessage(incoming: AsyncIterator<WorkJobsRequest>): Promise<WorkJobsRequest> {
  const first = await incoming.next();
  if (first.done || first.value.hello === undefined) {
    throw new DomainError('malformed', 'hello: the first message of a session says who the worker is');
  }
  return first.value;
}

function openSession(engine: Engine, first: WorkJobsRequest, call: Call, outbox: Outbox<WorkJobsResponse>) {
  const hello = first.hello;
  if (hello === undefined) throw new Error('the first message was checked for its hello');
  requireLabelsWithin(call.principal, hello.labels);
  let credits = 0;
  let open = 0;
  let onSettled: () => void = () => {};

  const session = engine.openSession(
    {
      caller: call.caller,
      workerId: hello.workerId,
      labels: hello.labels,
      leaseTtlSecs: hello.leaseTtlSecs === undefined ? null : fromInt64('hello.lease_ttl_secs', hello.leaseTtlSecs),
      slots: hello.slots,
      version: hello.version,
    },
    {
      jobs: (jobs) => {
        credits -= jobs.length;
        outbox.add((draft) => draft.claims.push(...jobs.map(toWireClaim)));
      },
      news: ({ kind, leaseId }) =>
        outbox.add((draft) => (kind === 'cancelled' ? draft.cancelledLeaseIds : draft.lostLeaseIds).push(leaseId)),
      failed: (error) => outbox.fail(error),
    },
  );

  function report(of: JobReport): void {
    open += 1;
    reportJob(engine, of, call)
      .then((result) => {
        credits += 1;
        session.reported(of.leaseId);
        outbox.add((draft) => draft.results.push(result));
      })
      .catch((error: unknown) => outbox.fail(error))
      .finally(() => {
        open -= 1;
        if (open === 0) onSettled();
      });
  }

  function take(message: WorkJobsRequest): void {
    if (message.receivedLeaseIds.length > 0) session.received(message.receivedLeaseIds);
    for (const of of message.reports) report(of);
    if (message.addCredits > 0) {
      credits += message.addCredits;
      if (credits > creditsMax) {
        throw new DomainError('malformed', `add_credits: a session has at most ${creditsMax} credits`);
      }
      session.addCredits(message.addCredits);
    }
    if (message.drain) session.drain();
  }

  take(first);
  return {
    take,
    drain: () => session.drain(),
    close: () => session.close(),
    /** When every report has been answered. */
    settled: (): Promise<void> =>
      open === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onSettled = resolve;
          }),
  };
}

function emptyResponse(): WorkJobsResponse {
  return {
    $typeName: 'workflowgraph.v1.WorkJobsResponse',
    claims: [],
    results: [],
    cancelledLeaseIds: [],
    lostLeaseIds: [],
    draining: false,
  };
}
