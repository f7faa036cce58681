import { startNoopServer } from '../child-server.js';
import { requestText } from '../load/http-connection.js';
import { repeatRequest } from '../load/repeat.js';
import { cpuMicros } from '../process-usage.js';

export interface NoopRate {
  readonly perSec: number;
  /** Processor time of the server for one request; null if it cannot be read. */
  readonly cpuMicros: number | null;
}

/** The rate at which a no-op Fastify server answers the same generator over 64 connections. */
export async function noopRate(seconds: number): Promise<NoopRate> {
  const server = await startNoopServer();
  const request = requestText('POST', '/api/jobs/claim', '{"worker_id":"bench-1","labels":[],"lease_ttl_secs":60}');
  const load = { url: server.url, request, connections: 64 };
  await repeatRequest({ ...load, warmUpMs: 500, measuredMs: 1 });
  const before = cpuMicros(server.pid);
  const perSec = await repeatRequest({ ...load, warmUpMs: 0, measuredMs: seconds * 1000 });
  const after = cpuMicros(server.pid);
  await server.stop();
  const perRequest = before === null || after === null ? null : (after - before) / (perSec * seconds);
  return { perSec, cpuMicros: perRequest };
}
