import { HttpConnection } from './http-connection.js';
import { sent } from './whole-lives.js';

/** Sends one request repeatedly over each connection; returns the responses per second. */
export async function repeatRequest(load: {
  readonly url: string;
  readonly request: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}): Promise<number> {
  const connections = await Promise.all(Array.from({ length: load.connections }, () => HttpConnection.open(load.url)));
  const startsAt = performance.now() + load.warmUpMs;
  const endsAt = startsAt + load.measuredMs;
  let answers = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (;;) {
        await sent(connection, load.request);
        const now = performance.now();
        if (now >= endsAt) break;
        if (now >= startsAt) answers += 1;
      }
      connection.close();
    }),
  );
  return answers / (load.measuredMs / 1000);
}
