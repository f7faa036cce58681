import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { rpcPath, rpcPaths } from '../api/connect-routes.js';
import type { SignIns, TokenAdmin, TokenDirectory } from '../api/principal.js';
import { buildProcedures } from '../api/procedures.js';
import { Readiness } from '../api/readiness.js';
import type { AboutServer } from '../api/session-service.js';
import type { Engine } from '../engine/engine.js';
import { packageRoot } from '../package-root.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type BasePath, basePathReader } from './base-path.js';
import { clientPackageRoutes } from './client-packages.js';
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
import { logTextRoute } from './log-text.js';
import { manualRoutes } from './manual.js';
import { metricsRoute } from './metrics-route.js';
import { readBuiltPage } from './page-files.js';
import { enforceRoutePolicies } from './route-policy.js';
import { rpcRoutes } from './rpc-routes.js';
import { refuseForeignPages } from './same-origin.js';
import { sessionRoutes } from './session-routes.js';
import { endSlowBodies } from './slow-bodies.js';
import { readTlsFiles } from './tls-files.js';
import { webPage } from './web-page.js';
import { workerFileRoutes } from './worker-file.js';

/** The settings of the edges, from the server's `Config`. */
export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly corsOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly shutdownTimeoutSecs: number;
  readonly basePath: string;
  readonly trustProxy: boolean;
  readonly frameAncestors: readonly string[];
}

export interface HttpServerParts {
  readonly engine: Engine;
  readonly config: HttpConfig;
  readonly tokens: TokenDirectory & SignIns & TokenAdmin;
  readonly about: AboutServer;
  /** The folder of the built page; null for none. Without a page, `/` redirects to the API's description. */
  readonly page: URL | null;
  /** The folder of the built manual; that of this package when absent. */
  readonly manual?: URL;
  /** Serves the JSON API alone, for callers in this process: no RPC protocols, no pages, no files. */
  readonly jsonOnly?: boolean;
  readonly log: Log;
  /** Whether only this machine can reach the address. */
  readonly loopback: boolean;
  readonly limits?: HttpLimits;
  /** Shown at `/metrics`. */
  readonly metrics?: Metrics;
  /** Routes besides the API, such as the web page's; each declares its policy. */
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
  const { engine, config, tokens, about, log, loopback, limits = httpLimits } = parts;
  const drain = new Drain();
  const { metrics } = parts;
  const procedures = buildProcedures(engine, about, { tokens, log, ...(metrics === undefined ? {} : { metrics }) });
  const basePathOf = basePathReader(config);
  const readiness = new Readiness(engine, drain.signal);
  const app = createApp(log, config.trustProxy);
  // The body of a request without a route is never read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));

  answerErrorsAsJson(app, log);
  enforceRoutePolicies(app, { tokens, log, rpcPaths: rpcPaths(procedures) });
  refuseForeignPages(app, { loopback, allowedHosts: config.allowedHosts, corsOrigins: config.corsOrigins });
  protectAnswers(app, drain);
  const streaming = procedures.map(({ method }) => method).filter(({ methodKind }) => streamsIn.has(methodKind));
  endSlowBodies(app, limits.requestMs, new Set(streaming.map(rpcPath)));
  await app.register(async (scope) => {
    jsonRoutes(scope, procedures, { drain, basePathOf, answerStream: answerLogEvents(limits.eventCommentMs) });
  });
  if (!parts.jsonOnly) {
    await fileRoutes(app, parts, basePathOf);
    healthRoutes(app, readiness);
    logTextRoute(app, engine);
    if (metrics !== undefined) metricsRoute(app, metrics);
    await app.register(async (scope) => rpcRoutes(scope, procedures, { drain, readiness, basePathOf }));
    await app.register(async (scope) => {
      sessionRoutes(scope, { signIns: tokens, basePathOf, overTls: config.tlsCert !== null });
    });
  }
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
        log.warn(
          { wanted: config.port, port: address.port },
          `port ${config.port} is in use by another program, so this server listens on ${address.port}. Commands and workers ` +
            `need its address: --server ${url} or SERVER_URL=${url}`,
        );
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

/** What is the same for every caller: the page, the API's description, and what workers and clients are installed from. */
async function fileRoutes(app: FastifyInstance, parts: HttpServerParts, basePathOf: BasePath): Promise<void> {
  descriptionRoutes(app);
  docsPage(app);
  manualRoutes(app, basePathOf, parts.manual ?? new URL('dist/manual/', packageRoot));
  workerFileRoutes(app, basePathOf);
  await clientPackageRoutes(app, basePathOf);
  const page = parts.page === null ? null : await readBuiltPage(parts.page);
  if (page === null) app.get('/', { config: { policy: 'public' } }, (_request, reply) => reply.redirect('docs'));
  else webPage(app, page, { basePathOf, frameAncestors: parts.config.frameAncestors });
}

/** Kinds of methods with long-lived requests. */
const streamsIn: ReadonlySet<string> = new Set(['client_streaming', 'bidi_streaming']);

function createApp(log: Log, trustProxy: boolean): FastifyInstance {
  const run = Math.random().toString(36).slice(2, 8);
  let requests = 0;
  const app: FastifyInstance = Fastify({
    logger: false,
    // The address that the proxy itself saw, the last one; callers can forge earlier ones.
    trustProxy: trustProxy ? (_address, hop) => hop === 0 : false,
    genReqId: () => `${run}-${(++requests).toString(36)}`,
    bodyLimit: 1024 * 1024,
    // Longer parameters than any id are refused by the method, with a message, and not by the router.
    routerOptions: { maxParamLength: 16 * 1024 },
    // The listener closes idle connections and waits for the others.
    forceCloseConnections: false,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, log);
    },
  });
  return app;
}

/** Headers of every answer: no content sniffing, no caching, no framing. */
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
