import { type ConnectRouter, createContextValues } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import type { FastifyInstance } from 'fastify';
import { type Arrival, arrivalKey, connectGate, connectRoutes } from '../api/connect-routes.js';
import type { Procedure } from '../api/procedure.js';
import type { Readiness } from '../api/readiness.js';
import type { Drain } from './drain.js';

/** The longest deadline that Node's timers can keep, 24.8 days. A longer one would fire at once. */
const timeoutMsMax = 2 ** 31 - 1;

/**
 * Answers below this size go as they are, in bytes. Workers are near, and a busy job stream says a few ten kilobytes at
 * a time: compressing them took a tenth of the server's processor time. A long list or log is worth it.
 */
const compressMinBytes = 256 * 1024;

/** Connect, gRPC and gRPC-Web, at `/<service>/<method>`. */
export async function rpcRoutes(
  app: FastifyInstance,
  procedures: readonly Procedure[],
  { drain, readiness }: { drain: Drain; readiness: Readiness },
): Promise<void> {
  await app.register(fastifyConnectPlugin, {
    grpc: true,
    grpcWeb: true,
    connect: true,
    compressMinBytes,
    maxTimeoutMs: timeoutMsMax,
    shutdownSignal: drain.signal,
    requestGate: connectGate(procedures, drain.signal),
    contextValues: ({ ip, id }) => {
      const arrival: Arrival = { remoteAddress: ip, requestId: id };
      return createContextValues().set(arrivalKey, arrival);
    },
    routes: (router: ConnectRouter) => connectRoutes(router, procedures, readiness),
  });
}
