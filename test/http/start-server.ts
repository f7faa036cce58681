import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { Principal, SignIns, TokenAdmin, TokenDirectory } from '../../src/api/principal.js';
import type { ClaimedJob, ClaimJobs } from '../../src/engine/engine.js';
import { buildHttpServer, type HttpConfig, type HttpServer } from '../../src/http/http-server.js';
import { type HttpLimits, httpLimits } from '../../src/http/limits.js';
import { createLog } from '../../src/telemetry/log.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { type RecordedEngine, recordCalls } from './recorded-engine.js';

export interface RunningServer {
  /** The real engine, and the calls that the edge made. */
  readonly engine: RecordedEngine;
  /** Its environment: the clock that a test moves, its store, and shortcuts for its verbs, which are not recorded. */
  readonly fixture: EngineFixture;
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  /** Complete lines of the log. */
  readonly logged: string[];
}

export type AllTokens = TokenDirectory & SignIns & TokenAdmin;

export interface StartOptions {
  readonly config?: Partial<HttpConfig>;
  readonly limits?: Partial<HttpLimits>;
  readonly tokens?: AllTokens;
  readonly page?: URL;
  readonly manual?: URL;
  readonly loopback?: boolean;
  /** A stopped fixture whose database the server starts with. */
  readonly copyOf?: EngineFixture;
  readonly moreRoutes?: (app: FastifyInstance) => void;
}

export const noTokens: AllTokens = tokensOf({});

/** The tokens of the record at the time of a call; a test may change it. None is needed while it is empty. */
export function tokensOf(known: Readonly<Record<string, Principal>>): AllTokens {
  const all = () => Object.values(known);
  return {
    required: () => all().length > 0,
    authenticate: async (bearer) => known[bearer] ?? null,
    authenticateSession: async () => null,
    signIn: async () => null,
    signOut: async () => {},
    refresh: async () => {},
    listTokens: async () => [
      {
        id: 'a1b2c3d4e5',
        name: 'gpu-box',
        scopes: ['worker'],
        labels: ['gpu'],
        onlyLabelled: true,
        createdAtMs: 1,
        expiresAtMs: 9,
        revokedAtMs: null,
        lastUsedAtMs: 5,
      },
    ],
    createToken: async () => ({ id: 'a1b2c3d4e5', token: 'wfg_secret' }),
    revokeToken: async () => {},
    listSessions: async () => [],
    endSession: async () => {},
    isStillValid: (id) => (id === null ? all().length === 0 : all().some(({ tokenId }) => tokenId === id)),
  };
}

/** A server on a free port, closed at the end of the test. */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const fixture = await new EngineFixture('sqlite', { copyOf: options.copyOf ?? null }).start();
  onTestFinished(() => fixture.end());
  const engine = recordCalls(fixture.engine);
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
    ...(options.manual === undefined ? {} : { manual: options.manual }),
    log,
    loopback: options.loopback ?? true,
    limits: { ...httpLimits, ...options.limits },
    ...(options.moreRoutes === undefined ? {} : { moreRoutes: options.moreRoutes }),
  });
  const { address, url } = await server.listen();
  onTestFinished(() => server.close());
  return { engine, fixture, server, url, port: address.port, logged };
}

/** Starts a run of a workflow whose job `build` is claimable; returns the run's id. */
export async function startBuild({ fixture }: RunningServer, workflow = 'ci'): Promise<string> {
  await fixture.define('name: CI\njobs: { build: { run: make } }\n', workflow);
  return (await fixture.startRun(workflow)).runId;
}

/** The same, with the job claimed. */
export async function claimBuild(
  running: RunningServer,
  more: Partial<ClaimJobs> = {},
  workflow = 'ci',
): Promise<ClaimedJob> {
  await startBuild(running, workflow);
  return running.fixture.claimed(more);
}
