import { HttpConnection } from './http-connection.js';
import { JobStream } from './job-stream.js';
import { sent } from './whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runIdOfClaim } from './worker-requests.js';

/** What the workers of a dispatch load report about their jobs. */
export interface Heard {
  readonly received: (runId: string, at: number) => void;
  readonly completed: () => void;
}

/** Workers that wait for jobs, complete each immediately, and wait again. */
export interface WaitingWorkers {
  /** Rejects when one of them fails; it never resolves. */
  readonly failed: Promise<never>;
  close(): void;
}

export type OpenWorkers = (url: string, workers: number, heard: Heard) => Promise<WaitingWorkers>;

const waitSecs = 20;

/** Workers with one connection each, which wait by long poll. */
export async function openPollingWorkers(url: string, workers: number, heard: Heard): Promise<WaitingWorkers> {
  const connections = await Promise.all(Array.from({ length: workers }, () => HttpConnection.open(url)));
  const failure = Promise.withResolvers<never>();
  let closed = false;

  async function work(connection: HttpConnection, claim: string): Promise<void> {
    for (;;) {
      const body = await sent(connection, claim);
      const receivedAt = performance.now();
      const leaseId = leaseIdOf(body);
      if (leaseId === null) continue;
      heard.received(runIdOfClaim(body) ?? '', receivedAt);
      await sent(connection, completeRequest(leaseId));
      heard.completed();
    }
  }
  for (const [at, connection] of connections.entries()) {
    work(connection, claimRequest(`bench-${at}`, { waitSecs })).catch((error) => {
      if (!closed) failure.reject(error);
    });
  }
  return {
    failed: failure.promise,
    close() {
      closed = true;
      for (const connection of connections) connection.close();
    },
  };
}

/** Workers with one job stream and one slot each. */
export async function openStreamWorkers(url: string, workers: number, heard: Heard): Promise<WaitingWorkers> {
  const failure = Promise.withResolvers<never>();
  const streams = Array.from({ length: workers }, (_, at) => {
    const stream: JobStream = new JobStream(url, `bench-${at}`, 1, {
      claimed(claims) {
        const receivedAt = performance.now();
        for (const { lease } of claims) {
          if (lease === undefined) continue;
          heard.received(lease.workflow_id, receivedAt);
          stream.complete(lease.lease_id);
        }
      },
      reported(count) {
        for (let n = 0; n < count; n += 1) heard.completed();
      },
      failed: failure.reject,
    });
    return stream;
  });
  return {
    failed: failure.promise,
    close() {
      for (const stream of streams) stream.close();
    },
  };
}
