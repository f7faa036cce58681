import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { Principal, SignIns, TokenDirectory } from '../../src/api/principal.js';
import { buildHttpServer, type HttpConfig, type HttpServer } from '../../src/http/http-server.js';
import { type HttpLimits, httpLimits } from '../../src/http/limits.js';
import { createLog } from '../../src/telemetry/log.js';
import { SmallEngine } from './small-engine.js';

export interface RunningServer {
  readonly engine: SmallEngine;
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  /** Finished lines of the log. */
  readonly logged: string[];
}

export interface StartOptions {
  readonly config?: Partial<HttpConfig>;
  readonly limits?: Partial<HttpLimits>;
  readonly tokens?: TokenDirectory & SignIns;
  readonly page?: URL;
  readonly loopback?: boolean;
  readonly moreRoutes?: (app: FastifyInstance) => void;
}

export const noTokens: TokenDirectory & SignIns = tokensOf({});

/** The tokens are those of the record at the time, which a test may change; there is no need of one while it is empty. */
export function tokensOf(known: Readonly<Record<string, Principal>>): TokenDirectory & SignIns {
  const all = () => Object.values(known);
  return {
    required: () => all().length > 0,
    authenticate: async (bearer) => known[bearer] ?? null,
    authenticateSession: async () => null,
    signIn: async () => null,
    signOut: async () => {},
    refresh: async () => {},
    isStillValid: (id) => (id === null ? all().length === 0 : all().some(({ tokenId }) => tokenId === id)),
  };
}

/** A server on a free port; it is closed when the test ends. */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const engine = new SmallEngine();
  const logged: string[] = [];
  const log = createLog({ level: 'info', format: 'json' }, { write: (line) => logged.push(line) });
  const server = await buildHttpServer({
    engine,
    config: {
      port: 0,
      host: '127.0.0.1',
      corsOrigins: [],
      allowedHosts: [],
      tlsCert: null,
      tlsKey: null,
      shutdownTimeoutSecs: 1,
      basePath: '/',
      trustProxy: false,
      frameAncestors: [],
      ...options.config,
    },
    tokens: options.tokens ?? noTokens,
    about: { version: '0.0.0', now: () => 1_700_000_000_000, retentionRunsDays: 30, retentionLogsDays: 14 },
    page: options.page ?? null,
    log,
    loopback: options.loopback ?? true,
    limits: { ...httpLimits, ...options.limits },
    ...(options.moreRoutes === undefined ? {} : { moreRoutes: options.moreRoutes }),
  });
  const { address, url } = await server.listen();
  onTestFinished(() => server.close());
  return { engine, server, url, port: address.port, logged };
}
