import { type ConnectRouter, createContextValues } from '@connectrpc/connect';
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import { type Arrival, arrivalKey, connectGate, connectRoutes, rpcPath } from '../api/connect-routes.js';
import type { Procedure } from '../api/procedure.js';
import type { Readiness } from '../api/readiness.js';
import type { BasePath } from './base-path.js';
import type { Drain } from './drain.js';
import { sessionOf } from './session-cookie.js';

/** Longest deadline of Node's timers, 24.8 days. A longer one would fire at once. */
const timeoutMsMax = 2 ** 31 - 1;

/**
 * Answers below this size, in bytes, are not compressed. Workers are near, and a busy job stream sends a few ten
 * kilobytes at a time: compressing them took a tenth of the server's processor time. For a long list or log it pays.
 */
const compressMinBytes = 256 * 1024;

/** Connect, gRPC and gRPC-Web, at `/<service>/<method>`. */
export async function rpcRoutes(
  app: FastifyInstance,
  procedures: readonly Procedure[],
  { drain, readiness, basePathOf }: { drain: Drain; readiness: Readiness; basePathOf: BasePath },
): Promise<void> {
  // A proxy such as nginx would buffer the messages of a stream until a buffer is full.
  const streams = new Set(
    procedures.filter(({ method }) => method.methodKind !== 'unary').map(({ method }) => rpcPath(method)),
  );
  app.addHook('onRequest', (request, reply, done) => {
    if (streams.has(request.url)) reply.raw.setHeader('x-accel-buffering', 'no');
    done();
  });
  onlyPost(app);
  await app.register(fastifyConnectPlugin, {
    grpc: true,
    grpcWeb: true,
    connect: true,
    compressMinBytes,
    maxTimeoutMs: timeoutMsMax,
    shutdownSignal: drain.signal,
    requestGate: connectGate(procedures, drain.signal),
    contextValues: (request) => {
      const { ip, id } = request;
      const session = sessionOf(request);
      const arrival: Arrival = { remoteAddress: ip, requestId: id, session, basePath: basePathOf(request) };
      return createContextValues().set(arrivalKey, arrival);
    },
    routes: (router: ConnectRouter) => connectRoutes(router, procedures, readiness),
  });
}

/**
 * The plugin registers each path for every verb. No method of this API takes another verb than POST, so the others are
 * answered like those of any other path, and the router compiles an eighth of the routes, which took a tenth of the start.
 */
function onlyPost(app: FastifyInstance): void {
  app.all = function all(this: FastifyInstance, path: string, options: object, handler: RouteHandlerMethod) {
    return this.post(path, options, handler);
  } as FastifyInstance['all'];
}
