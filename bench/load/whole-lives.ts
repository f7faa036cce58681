import { HttpConnection } from './http-connection.js';
import { claimRequest, completeRequest, leaseIdOf, runRequest } from './worker-requests.js';

export interface LivesLoad {
  readonly url: string;
  readonly workflowId: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Called when the measured time begins, and when it ends. */
  readonly onMeasured?: (edge: 'begin' | 'end') => void;
}

export interface LivesResult {
  /** Completions acknowledged within the measured time. */
  readonly lives: number;
  readonly seconds: number;
  readonly claimMs: readonly number[];
  readonly completeMs: readonly number[];
  /** Over the whole load, including warm-up and end. */
  readonly total: { readonly claimed: number; readonly completed: number; readonly runs: number };
}

/**
 * Each connection is a worker: it claims a job and completes it; if there is none it starts a run. At the end of the
 * time each finishes its current job. A response other than 2xx ends the load with an error.
 */
export async function loadWholeLives(load: LivesLoad): Promise<LivesResult> {
  const connections = await Promise.all(Array.from({ length: load.connections }, () => HttpConnection.open(load.url)));
  const count = { claimed: 0, completed: 0, runs: 0, lives: 0 };
  const claimMs: number[] = [];
  const completeMs: number[] = [];
  const run = runRequest(load.workflowId);
  const startsAt = performance.now() + load.warmUpMs;
  const endsAt = startsAt + load.measuredMs;
  const isMeasured = (at: number) => at >= startsAt && at < endsAt;

  const edges = [
    setTimeout(() => load.onMeasured?.('begin'), load.warmUpMs),
    setTimeout(() => load.onMeasured?.('end'), load.warmUpMs + load.measuredMs),
  ];

  async function work(connection: HttpConnection, claim: string): Promise<void> {
    while (performance.now() < endsAt) {
      const claimedAt = performance.now();
      const leaseId = leaseIdOf(await sent(connection, claim));
      if (leaseId === null) {
        await sent(connection, run);
        count.runs += 1;
        continue;
      }
      const gotAt = performance.now();
      count.claimed += 1;
      if (isMeasured(gotAt)) claimMs.push(gotAt - claimedAt);
      await sent(connection, completeRequest(leaseId));
      const doneAt = performance.now();
      count.completed += 1;
      if (!isMeasured(doneAt)) continue;
      count.lives += 1;
      completeMs.push(doneAt - gotAt);
    }
  }

  try {
    await Promise.all(connections.map((connection, at) => work(connection, claimRequest(`bench-${at}`))));
  } finally {
    for (const edge of edges) clearTimeout(edge);
    for (const connection of connections) connection.close();
  }
  const { lives, ...total } = count;
  return { lives, seconds: load.measuredMs / 1000, claimMs, completeMs, total };
}

/** The body of a 2xx response. Errors: any other response, with request and response. */
export async function sent(connection: HttpConnection, request: string): Promise<string> {
  const answer = await connection.send(request);
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${request.slice(0, request.indexOf(' HTTP'))} was answered ${answer.status}: ${answer.body}`);
}
