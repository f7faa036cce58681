import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Executor } from '../executor.js';
import { secretsIn, serverAddress } from '../server-address.js';
import { shellExecutor } from '../shell/shell-executor.js';
import { startDirectoryFault } from '../shell/start-directory.js';
import type { WorkerLogger } from './events.js';
import { textLogger } from './loggers.js';
import type { Software } from './newer-server.js';

/** The options of a worker. All have defaults; in production, set at least `serverUrl`. */
export interface WorkerOptions {
  /**
   * `http://localhost:3000` when absent. A user name and password in it are sent as Basic authorization if there is no
   * token, and are never logged.
   */
  readonly serverUrl?: string;
  /** The host's name and eight random characters when absent. */
  readonly workerId?: string;
  /** The worker's labels: it gets only jobs whose required labels it has. */
  readonly labels?: readonly string[];
  /** It takes only jobs that require at least one label; false when absent. */
  readonly onlyLabelled?: boolean;
  /** How many jobs run at once; 1 when absent. */
  readonly slots?: number;
  /** Runs a job; the shell executor when absent. */
  readonly executor?: Executor;
  /**
   * `stream` (the default): jobs are pushed over gRPC streams, with plain HTTP as a fallback.
   * `http`: the documented JSON paths from the start.
   */
  readonly transport?: 'stream' | 'http';
  /** A bearer token with the worker scope, if the server requires one. */
  readonly token?: string;
  /** Certificates (PEM) of the trusted authorities for an `https://` server; those that Node.js trusts when absent. */
  readonly ca?: string;
  /** How long a lease lives without a heartbeat, in whole seconds from 1 to 86400; 30 when absent. */
  readonly leaseTtlSecs?: number;
  /** How long a claim waits at the server for a job on plain HTTP, in seconds; 20 when absent, at most 60. */
  readonly waitSecs?: number;
  /** A third of the lease's time to live when absent. */
  readonly heartbeatIntervalMs?: number;
  /** How long output waits for more before it is sent; 200 when absent. */
  readonly logBatchMs?: number;
  /** How much output is sent at once, in bytes; 64 KiB when absent. */
  readonly logBatchBytes?: number;
  /** With more unsent output than this, writing to the log waits; in bytes, 4 MiB when absent. */
  readonly unsentLogBytesMax?: number;
  /** The time between asking a job to stop (SIGTERM, abort signal) and killing it; 10000 when absent. */
  readonly graceMs?: number;
  /** How long running jobs can continue after the worker is stopped; 60000 when absent. */
  readonly drainTimeoutMs?: number;
  /** The working directory of shell jobs; the worker's own when absent. */
  readonly workdir?: string;
  /**
   * Variables of this process that shell jobs get in addition to PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, LANG,
   * LANGUAGE, LC_*, TZ and TERM. A name may end in `*`: `AWS_*`. Settings of workflow-graph itself cannot be passed.
   */
  readonly passEnv?: readonly string[];
  /**
   * Whether a thread of its own renews the leases; true when absent. False saves the thread, for jobs that never block the
   * event loop for long, such as shell jobs: one that does loses its lease.
   */
  readonly heartbeatThread?: boolean;
  /**
   * What a warning about a newer server names: this library when absent. Null for a worker that always has its server's
   * version: it does not ask.
   */
  readonly software?: Software | null;
  /** Takes events; a line for each on stderr when absent. */
  readonly logger?: WorkerLogger;
}

/** Complete, validated options. */
export interface WorkerSettings {
  readonly serverUrl: string;
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly slots: number;
  readonly executor: Executor;
  readonly transport: 'stream' | 'http';
  readonly authorization: string | null;
  readonly ca: string | null;
  readonly leaseTtlSecs: number;
  readonly waitSecs: number;
  readonly heartbeatIntervalMs: number | null;
  readonly heartbeatThread: boolean;
  readonly logBatchMs: number;
  readonly logBatchBytes: number;
  readonly unsentLogBytesMax: number;
  readonly graceMs: number;
  readonly drainTimeoutMs: number;
  readonly logger: WorkerLogger;
  /** Why no job can start now; null if one can. */
  readonly startFault: () => string | null;
}

/** Fills in defaults. Throws a RangeError that names an invalid option. */
export function settingsOf(options: WorkerOptions): WorkerSettings {
  if (options.onlyLabelled && (options.labels ?? []).length === 0) {
    throw new RangeError('onlyLabelled: a worker without labels would never get a job; give it labels');
  }
  const url = options.serverUrl ?? 'http://localhost:3000';
  const { serverUrl, authorization } = serverAddress(url, options.token);
  const graceMs = numberWithin('graceMs', options.graceMs ?? 10_000, 0, 86_400_000);
  return {
    serverUrl,
    workerId: textOf('workerId', options.workerId ?? defaultWorkerId(), 200),
    labels: (options.labels ?? []).map((label) => textOf('labels', label, 100)),
    onlyLabelled: options.onlyLabelled ?? false,
    slots: wholeNumberWithin('slots', options.slots ?? 1, 1, 10_000),
    executor:
      options.executor ??
      shellExecutor({
        graceMs,
        secrets: [...(options.token === undefined ? [] : [options.token]), ...secretsIn(url)],
        passEnv: options.passEnv ?? [],
        ...(options.workdir === undefined ? {} : { workdir: options.workdir }),
      }),
    transport: transportOf(options.transport ?? 'stream'),
    authorization,
    ca: options.ca ?? null,
    leaseTtlSecs: wholeNumberWithin('leaseTtlSecs', options.leaseTtlSecs ?? 30, 1, 86_400),
    waitSecs: numberWithin('waitSecs', options.waitSecs ?? 20, 0, 60),
    heartbeatIntervalMs:
      options.heartbeatIntervalMs === undefined
        ? null
        : numberWithin('heartbeatIntervalMs', options.heartbeatIntervalMs, 10, 86_400_000),
    heartbeatThread: options.heartbeatThread ?? true,
    logBatchMs: numberWithin('logBatchMs', options.logBatchMs ?? 200, 0, 60_000),
    logBatchBytes: numberWithin('logBatchBytes', options.logBatchBytes ?? 64 * 1024, 1024, 1024 * 1024),
    unsentLogBytesMax: numberWithin('unsentLogBytesMax', options.unsentLogBytesMax ?? 4 * 1024 * 1024, 1024, 2 ** 30),
    graceMs,
    drainTimeoutMs: numberWithin('drainTimeoutMs', options.drainTimeoutMs ?? 60_000, 0, 2 ** 31 - 1),
    logger: options.logger ?? textLogger(process.stderr),
    startFault: options.executor === undefined ? () => startDirectoryFault(options.workdir) : () => null,
  };
}

function transportOf(transport: string): 'stream' | 'http' {
  if (transport === 'stream' || transport === 'http') return transport;
  throw new RangeError(`transport must be "stream" or "http", and is "${transport}"`);
}

function defaultWorkerId(): string {
  return `${hostname().slice(0, 100) || 'worker'}-${randomBytes(4).toString('hex')}`;
}

function textOf(name: string, text: string, lengthMax: number): string {
  if (text.length === 0 || text.length > lengthMax) {
    throw new RangeError(`${name}: "${text.slice(0, 50)}" must have 1 to ${lengthMax} characters`);
  }
  return text;
}

function numberWithin(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw new RangeError(`${name} must be from ${min} to ${max}, and is ${value}`);
  return value;
}

function wholeNumberWithin(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) throw new RangeError(`${name} must be a whole number, and is ${value}`);
  return numberWithin(name, value, min, max);
}
