import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { rpcPath, rpcPaths } from '../api/connect-routes.js';
import type { TokenDirectory } from '../api/principal.js';
import { buildProcedures } from '../api/procedures.js';
import { Readiness } from '../api/readiness.js';
import type { Engine } from '../engine/engine.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { descriptionRoutes } from './description-routes.js';
import { docsPage } from './docs-page.js';
import { Drain } from './drain.js';
import { answerErrorsAsJson, sendError } from './error-replies.js';
import { listenOnFreePort } from './free-port.js';
import { healthRoutes } from './health-routes.js';
import { jsonRoutes } from './json-binding/json-routes.js';
import { type HttpLimits, httpLimits } from './limits.js';
import { listenProblem } from './listen-problem.js';
import { createListener } from './listener.js';
import { answerLogEvents } from './log-events.js';
import { metricsRoute } from './metrics-route.js';
import { enforceRoutePolicies } from './route-policy.js';
import { rpcRoutes } from './rpc-routes.js';
import { refuseForeignPages } from './same-origin.js';
import { endSlowBodies } from './slow-bodies.js';
import { readTlsFiles } from './tls-files.js';

/** The settings that the edges read; the server's `Config` has them. */
export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly corsOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly shutdownTimeoutSecs: number;
}

export interface HttpServerParts {
  readonly engine: Engine;
  readonly config: HttpConfig;
  readonly tokens: TokenDirectory;
  readonly log: Log;
  /** Whether the address is one that only this machine reaches. */
  readonly loopback: boolean;
  readonly limits?: HttpLimits;
  /** Shown at `/metrics`. */
  readonly metrics?: Metrics;
  /** Routes beside the API, such as the web page's; each declares its policy. */
  readonly moreRoutes?: (app: FastifyInstance) => void | Promise<void>;
}

export interface HttpServer {
  /** Opens the port, or the next free one. */
  listen(): Promise<{ readonly address: AddressInfo; readonly url: string }>;
  /** Lets requests under way finish, ends long polls and streams, and closes; see `Listener.close`. */
  close(): Promise<void>;
}

/** Every protocol over the engine. Throws when a method or a route has no policy. */
export async function buildHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { engine, config, tokens, log, loopback, limits = httpLimits } = parts;
  const drain = new Drain();
  const { metrics } = parts;
  const procedures = buildProcedures(engine, { tokens, log, ...(metrics === undefined ? {} : { metrics }) });
  const readiness = new Readiness(engine, drain.signal);
  const app = createApp(log);
  // What belongs to no route has a body that nobody reads.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));

  answerErrorsAsJson(app, log);
  enforceRoutePolicies(app, { tokens, log, rpcPaths: rpcPaths(procedures) });
  refuseForeignPages(app, { loopback, allowedHosts: config.allowedHosts, corsOrigins: config.corsOrigins });
  protectAnswers(app, drain);
  const streaming = procedures.map(({ method }) => method).filter(({ methodKind }) => streamsIn.has(methodKind));
  endSlowBodies(app, limits.requestMs, new Set(streaming.map(rpcPath)));
  healthRoutes(app, readiness);
  descriptionRoutes(app);
  docsPage(app);
  if (metrics !== undefined) metricsRoute(app, metrics);
  await app.register(async (scope) => {
    jsonRoutes(scope, procedures, { drain, answerStream: answerLogEvents(limits.eventCommentMs) });
  });
  await app.register(async (scope) => rpcRoutes(scope, procedures, { drain, readiness }));
  if (parts.moreRoutes !== undefined) await app.register(async (scope) => parts.moreRoutes?.(scope));
  await app.ready();

  const handle = (request: IncomingMessage, response: ServerResponse) => app.routing(request, response);
  const tls = await readTlsFiles(config);
  const listener = createListener(handle, { limits, tls, log });

  let closing: Promise<void> | null = null;
  async function closeAll(): Promise<void> {
    drain.begin();
    await listener.close(config.shutdownTimeoutSecs * 1000);
    await app.close();
  }

  return {
    async listen() {
      const address = await listenOnFreePort(config.port, (port) => listener.listen(port, config.host)).catch(
        (error: unknown) => {
          throw listenProblem(config.host, config.port, error);
        },
      );
      const url = `${tls === null ? 'http' : 'https'}://${hostInUrl(config.host)}:${address.port}`;
      if (config.port !== 0 && address.port !== config.port) {
        log.warn({ wanted: config.port, port: address.port }, `port ${config.port} is taken, using ${address.port}`);
      }
      log.info({ url, protocols: 'JSON, Connect, gRPC, gRPC-Web' }, `listening on ${url}`);
      return { address, url };
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

/** Kinds of methods whose requests last. */
const streamsIn: ReadonlySet<string> = new Set(['client_streaming', 'bidi_streaming']);

function createApp(log: Log): FastifyInstance {
  const run = Math.random().toString(36).slice(2, 8);
  let requests = 0;
  const app: FastifyInstance = Fastify({
    logger: false,
    genReqId: () => `${run}-${(++requests).toString(36)}`,
    bodyLimit: 1024 * 1024,
    // Longer ones than any id may be are refused by the method, with a message, and not by the router.
    routerOptions: { maxParamLength: 16 * 1024 },
    // The listener closes what is idle, and waits for what is not.
    forceCloseConnections: false,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, log);
    },
  });
  return app;
}

/** Headers of every answer: it is what it says it is, it is not kept by caches, no page frames it. */
function protectAnswers(app: FastifyInstance, drain: Drain): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    if (drain.begun && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
    done();
  });
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
