import type { JobReport } from '../../gen/workflowgraph/v1/job_reports_pb.js';
import type {
  WorkJobsRequest,
  WorkJobsResponse,
  WorkJobsResponse_Stop,
} from '../../gen/workflowgraph/v1/job_service_pb.js';
import { ErrorReason } from '../../gen/workflowgraph/v1/types_pb.js';
import { DomainError } from '../domain/errors.js';
import type { JobSession } from '../engine/claims/worker-session.js';
import type { Engine } from '../engine/engine.js';
import type { LeaseEvent } from '../engine/leases/lease-watch.js';
import { requireLabelsWithin } from './authenticate.js';
import { toWireClaim } from './convert/claim.js';
import { fromInt64 } from './convert/numbers.js';
import { toWireStopReason } from './convert/states.js';
import { endWhenUnread } from './end-when-unread.js';
import { Outbox } from './outbox.js';
import type { Call } from './procedure.js';
import { reportJob } from './report-job.js';

/** How long a worker may use its stream while the server stops, in milliseconds. */
const drainMs = 1_000;

/**
 * A worker's session. The first message identifies the worker; credits request jobs; messages also carry reports and
 * confirmations of arrivals, many at once. The server sends results, jobs, stops and lost leases, all of one turn of
 * the event loop together.
 *
 * Back-pressure: what a worker does not read is bounded. While a thousand parts or 8 MiB of them wait, the server reads
 * no message of the worker and claims no job for it; a worker that reads nothing for a minute is disconnected.
 */
export function workJobs(
  engine: Engine,
  requests: AsyncIterable<WorkJobsRequest>,
  call: Call,
): AsyncGenerator<WorkJobsResponse> {
  return endWhenUnread(converse(engine, requests, call), () => null);
}

async function* converse(
  engine: Engine,
  requests: AsyncIterable<WorkJobsRequest>,
  call: Call,
): AsyncGenerator<WorkJobsResponse> {
  const { signal } = call.context;
  const incoming = requests[Symbol.asyncIterator]();
  const first = await firstMessage(incoming);
  const session = new Session(engine, first.hello, call);
  const onStop = () => session.stop();
  signal.addEventListener('abort', onStop, { once: true });
  if (signal.aborted) onStop();
  void readAll();
  try {
    yield* session.outbox.messages();
  } finally {
    signal.removeEventListener('abort', onStop);
    session.close();
    void incoming.return?.();
  }

  async function readAll(): Promise<void> {
    const { outbox } = session;
    try {
      session.take(first);
      await session.room();
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
        if (next.value.hello !== undefined)
          throw new DomainError('malformed', 'hello: only the first message may be one');
        session.take(next.value);
        await session.room();
      }
      await session.settled();
      outbox.close();
    } catch (error) {
      outbox.fail(error);
    }
  }
}

type Hello = NonNullable<WorkJobsRequest['hello']>;

async function firstMessage(
  incoming: AsyncIterator<WorkJobsRequest>,
): Promise<WorkJobsRequest & { readonly hello: Hello }> {
  const { done, value } = await incoming.next();
  if (done || value.hello === undefined) {
    throw new DomainError('malformed', 'hello: the first message of a session must identify the worker');
  }
  return { ...value, hello: value.hello };
}

/** Reports of a session that may be under way before its next message is read. */
const openReportsMax = 1_000;

class Session {
  readonly outbox = new Outbox<WorkJobsResponse>(emptyResponse, () => this.#session.resume());
  readonly #engine: Engine;
  readonly #call: Call;
  readonly #session: JobSession;
  #openReports = 0;
  #onReported: () => void = () => {};
  #cancelStop: () => void = () => {};

  constructor(engine: Engine, hello: Hello, call: Call) {
    requireLabelsWithin(call.principal, hello.labels);
    this.#engine = engine;
    this.#call = call;
    const { outbox } = this;
    this.#session = engine.openSession(
      {
        caller: call.caller,
        workerId: hello.workerId,
        labels: hello.labels,
        onlyLabelled: hello.onlyLabelled || call.principal.onlyLabelled,
        leaseTtlSecs: hello.leaseTtlSecs === undefined ? null : fromInt64('hello.lease_ttl_secs', hello.leaseTtlSecs),
        slots: hello.slots,
        version: hello.version,
      },
      {
        hasRoom: () => outbox.hasRoom,
        jobs: (jobs) =>
          outbox.add(
            (draft) => draft.claims.push(...jobs.map(toWireClaim)),
            jobs.length,
            jobs.reduce((sum, job) => sum + job.bytes, 0),
          ),
        leaseEvent: (event) =>
          outbox.add((draft) => {
            if (event.kind === 'lost') draft.lostLeaseIds.push(event.leaseId);
            else draft.stops.push(toWireStop(event));
            if (event.kind === 'stop' && event.reason === 'cancelled') draft.cancelledLeaseIds.push(event.leaseId);
          }),
        drain: (drain) =>
          outbox.add((draft) => {
            draft.drain = {
              $typeName: 'workflowgraph.v1.WorkJobsResponse.Drain',
              active: drain !== null,
              stop: drain?.stop ?? false,
            };
          }),
        failed: (error) => outbox.fail(error),
      },
    );
  }

  take(message: WorkJobsRequest): void {
    if (message.receivedLeaseIds.length > 0) this.#session.received(message.receivedLeaseIds);
    for (const report of message.reports) this.#report(report);
    if (message.addCredits > 0) this.#session.addCredits(message.addCredits);
    if (message.drain) this.#session.drain();
  }

  #report(report: JobReport): void {
    this.#openReports += 1;
    reportJob(this.#engine, report, this.#call)
      .then((result) => {
        this.#session.reported(report.leaseId, result.refused === ErrorReason.UNKNOWN_LEASE);
        this.outbox.add((draft) => draft.results.push(result));
      })
      .catch((error: unknown) => this.outbox.fail(error))
      .finally(() => {
        this.#openReports -= 1;
        this.#onReported();
      });
  }

  /** Resolves when the next message may be read. */
  async room(): Promise<void> {
    while (this.#openReports >= openReportsMax) await this.#reported();
    await this.outbox.room();
  }

  /** Resolves when every report has been answered. */
  async settled(): Promise<void> {
    while (this.#openReports > 0) await this.#reported();
  }

  #reported(): Promise<void> {
    return new Promise((resolve) => {
      this.#onReported = resolve;
    });
  }

  /** Stops the session: no more jobs, and the end soon. */
  stop(): void {
    this.#session.drain();
    this.outbox.add((draft) => {
      draft.draining = true;
    });
    const timer = setTimeout(() => this.outbox.close(), drainMs).unref();
    this.#cancelStop = () => clearTimeout(timer);
  }

  close(): void {
    this.#cancelStop();
    this.#session.close();
    // Results of what is still under way have no recipient.
    this.outbox.close();
  }
}

function toWireStop({ leaseId, reason, withinMs }: Extract<LeaseEvent, { kind: 'stop' }>): WorkJobsResponse_Stop {
  return {
    $typeName: 'workflowgraph.v1.WorkJobsResponse.Stop',
    leaseId,
    reason: toWireStopReason(reason),
    withinSecs: withinMs / 1000,
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
    stops: [],
  };
}
