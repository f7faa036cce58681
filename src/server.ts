import { type Config, ConfigError, isLoopback, refuseOpenServer } from './config.js';
import type { LogCap } from './domain/log-cap.js';
import { createEngine, type RunningEngine } from './engine/create-engine.js';
import type { Retention } from './engine/loops/retention.js';
import type { Environment } from './environment/environment.js';
import { WorkflowFolder } from './folder/workflow-folder.js';
import { buildHttpServer } from './http/http-server.js';
import { environmentOf, logDatabaseEvents, openStore } from './open-store.js';
import { packageRoot } from './package-root.js';
import type { Store } from './store/store.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { readTraceSettings } from './telemetry/traces/trace-settings.js';
import { openTracing, type Tracing } from './telemetry/traces/tracing.js';
import { Tokens } from './tokens.js';
import { version } from './version.js';

/** A running server. */
export interface RunningServer {
  readonly url: string;
  readonly engine: RunningEngine;
  /** Stops in the reverse order of the start: no new calls, streams end, accepted changes are on disk. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Changes the database before anything reads it, for example to add the first token. */
  readonly storeOpened?: (store: Store, environment: Environment) => Promise<void>;
  /** Until this is called nothing was acknowledged, and the process may end at any time. */
  readonly beforeListening?: () => void;
  /** Serves the JSON API alone, for callers in this process. */
  readonly jsonOnly?: boolean;
}

/** The composition root: opens the store, builds the engine, mounts the edges, starts the loops. */
export async function startServer(config: Config, log: Log, options: StartOptions = {}): Promise<RunningServer> {
  if (config.apiOnly && config.databaseUrl === null) {
    throw new ConfigError('API_ONLY is set but DATABASE_URL is not; only one process can use a SQLite database');
  }
  const tracing = await tracingOf(log);
  const store = await openServerStore(config, log);
  const stops: (() => Promise<void>)[] = [() => store.close(), async () => tracing?.close()];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const environment = await environmentOf(store);
    await options.storeOpened?.(store, environment);
    const tokens = new Tokens(store, environment, log);
    await tokens.load();
    tokens.start();
    stops.push(() => tokens.stop());
    const tokenRequired = await tokens.required();
    refuseOpenServer(config, tokenRequired);
    warnOfExposure(config, tokenRequired, log);

    const metrics = new Metrics();
    const engine = await createEngine({
      metrics,
      tracing,
      store,
      environment,
      log,
      reapIntervalMs: config.reapIntervalSecs * 1000,
      logCap: logCapOf(config),
      stopGraceMs: config.stopGraceSecs * 1000,
      retention: retentionOf(config),
      doctorIntervalMs: config.doctorIntervalSecs * 1000,
      withoutLoops: config.apiOnly,
    });
    stops.push(() => engine.stop());
    const folder = new WorkflowFolder(config.workflowsDir, engine, log);
    await folder.start();
    stops.push(() => folder.stop());

    const about = {
      version,
      now: () => environment.now(),
      retentionRunsDays: config.retentionRunsDays,
      retentionLogsDays: config.retentionLogsDays,
    };
    const loopback = isLoopback(config.host);
    const page = new URL('dist/web/', packageRoot);
    const { jsonOnly = false } = options;
    const http = await buildHttpServer({ engine, config, tokens, about, page, log, metrics, loopback, jsonOnly });
    stops.push(() => http.close());
    options.beforeListening?.();
    const { url } = await http.listen();
    return { url, engine, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** A process that only handles due times, prunes, and resumes interrupted work: for servers with API_ONLY. */
export async function startScheduler(config: Config, log: Log): Promise<{ stop(): Promise<void> }> {
  if (config.databaseUrl === null) {
    throw new ConfigError('DATABASE_URL is not set; on SQLite the server handles due times itself');
  }
  const tracing = await tracingOf(log);
  const store = await openServerStore(config, log);
  try {
    const engine = await createEngine({
      store,
      tracing,
      environment: await environmentOf(store),
      log,
      reapIntervalMs: config.reapIntervalSecs * 1000,
      stopGraceMs: config.stopGraceSecs * 1000,
      retention: retentionOf(config),
      doctorIntervalMs: config.doctorIntervalSecs * 1000,
    });
    return {
      async stop() {
        await engine.stop();
        await tracing?.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Warns of risks that an allowed start leaves to everyone who reaches the port. */
function warnOfExposure(config: Config, tokensRequired: boolean, log: Log): void {
  if (isLoopback(config.host)) return;
  const reached = `others can reach ${config.host}`;
  if (!tokensRequired) {
    log.warn(`${reached} and need no token (--insecure): all of them can run commands on the workers`);
  } else if (config.tlsCert === null) {
    log.warn(`${reached}, in clear text (no TLS_CERT): tokens can be read on their way, unless a proxy speaks TLS`);
  }
}

/** Traces, if the standard OTEL_ variables enable them. */
async function tracingOf(log: Log): Promise<Tracing | null> {
  let settings: ReturnType<typeof readTraceSettings>;
  try {
    settings = readTraceSettings(process.env);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  return settings === null ? null : openTracing(settings, log, version);
}

function openServerStore(config: Config, log: Log): Promise<Store> {
  return openStore(config, {
    as: 'server',
    onFatal(error) {
      log.fatal({ err: error }, 'the disk failed, and it is unknown what is stored: ending the process');
      process.exit(70);
    },
    onEvent: logDatabaseEvents(log),
  });
}

const mib = 1024 * 1024;

function logCapOf({ logHeadMib, logTailMib }: Config): LogCap {
  return { headBytes: Math.round(logHeadMib * mib), tailBytes: Math.round(logTailMib * mib) };
}

const dayMs = 24 * 60 * 60 * 1000;

function retentionOf({ retentionRunsDays, retentionLogsDays, retentionAuditDays }: Config): Retention {
  return {
    runsMs: retentionRunsDays === 0 ? null : retentionRunsDays * dayMs,
    logsMs: retentionLogsDays === 0 ? null : retentionLogsDays * dayMs,
    auditMs: retentionAuditDays === 0 ? null : retentionAuditDays * dayMs,
  };
}
