import { isIPv4, isIPv6 } from 'node:net';
import type { LogFormat, LogLevel } from './telemetry/log.js';

/**
 * One setting: its source, its default, and its meaning. The help of the commands is printed from this table. A flag of
 * the command line takes precedence over the environment.
 */
interface Setting<T> {
  readonly env: string;
  readonly flag: string;
  /** As written in the environment; empty for "not set". */
  readonly fallback: string;
  readonly meaning: string;
  /** The accepted values, for the message about a bad one. */
  readonly accepts: string;
  /** The value, or undefined when the text is not acceptable. */
  readonly read: (text: string) => T | undefined;
}

export const settings = {
  port: {
    env: 'PORT',
    flag: '--port',
    fallback: '3000',
    meaning:
      'TCP port for all protocols. If it is in use, the server takes the next free one and warns. 0: any free port.',
    accepts: 'a whole number from 0 to 65535',
    read: wholeNumber(0, 65_535),
  },
  host: {
    env: 'HOST',
    flag: '--host',
    fallback: '127.0.0.1',
    meaning: 'Address to listen on. An address that other machines can reach needs tokens or --insecure.',
    accepts: 'an IP address or a host name',
    read: (text: string) => (/^[^\s/]+$/.test(text) ? text.replace(/^\[(.*)\]$/, '$1') : undefined),
  },
  workflowsDir: {
    env: 'WORKFLOWS_DIR',
    flag: '--workflows',
    fallback: 'workflows/',
    meaning: 'Workflows folder: its *.yml, *.yaml and *.json files are loaded at the start and when they change.',
    accepts: 'a path',
    read: path,
  },
  dataDir: {
    env: 'DATA_DIR',
    flag: '--data',
    fallback: './data',
    meaning: 'Directory of the SQLite database.',
    accepts: 'a path',
    read: path,
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    flag: '--database-url',
    fallback: '',
    meaning: 'PostgreSQL database to use instead of SQLite.',
    accepts: 'a URL that starts with postgres:// or postgresql://',
    read: postgresUrl,
  },
  databaseListenUrl: {
    env: 'DATABASE_LISTEN_URL',
    flag: '--database-listen-url',
    fallback: '',
    meaning:
      'The same database without the pooler, for notifications between servers, if DATABASE_URL is a pooler in transaction mode.',
    accepts: 'a URL that starts with postgres:// or postgresql://',
    read: postgresUrl,
  },
  insecureDurability: {
    env: 'INSECURE_DURABILITY',
    flag: '--insecure-durability',
    fallback: 'false',
    meaning:
      'Accept a PostgreSQL that can lose acknowledged changes (fsync, synchronous_commit or full_page_writes off).',
    accepts: 'true or false',
    read: yesOrNo,
  },
  corsOrigins: {
    env: 'CORS_ORIGINS',
    flag: '--cors-origins',
    fallback: '',
    meaning: 'Origins whose pages may call the server from a browser, separated by commas; * for all.',
    accepts: 'origins such as https://ci.example.com, separated by commas, or *',
    read: originList,
  },
  allowedHosts: {
    env: 'ALLOWED_HOSTS',
    flag: '--allowed-hosts',
    fallback: '',
    meaning: 'Host names that callers may use for this server besides localhost, separated by commas.',
    accepts: 'host names without scheme and port, separated by commas',
    read: hostList,
  },
  basePath: {
    env: 'BASE_PATH',
    flag: '--base-path',
    fallback: '/',
    meaning:
      'Path below which a reverse proxy serves this server, such as /ci/. The proxy removes it from the path of each request.',
    accepts: 'a path of letters, digits, ".", "_", "~" and "-", such as /ci/',
    read: basePath,
  },
  trustProxy: {
    env: 'TRUST_PROXY',
    flag: '--trust-proxy',
    fallback: 'false',
    meaning:
      'Trust the X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Prefix headers of the reverse proxy in front of the server. Only if every request comes through it.',
    accepts: 'true or false',
    read: yesOrNo,
  },
  frameAncestors: {
    env: 'FRAME_ANCESTORS',
    flag: '--frame-ancestors',
    fallback: '',
    meaning: 'Origins whose pages may show the web page in a frame, separated by commas.',
    accepts: 'origins such as https://wiki.example.com, separated by commas',
    read: (text: string) => (list(text).includes('*') ? undefined : originList(text)),
  },
  apiOnly: {
    env: 'API_ONLY',
    flag: '--api-only',
    fallback: 'false',
    meaning:
      'Leave leases, timeouts, retries and pruning to another process, such as workflow-graph scheduler. Needs DATABASE_URL.',
    accepts: 'true or false',
    read: yesOrNo,
  },
  reapIntervalSecs: {
    env: 'REAP_INTERVAL_SECS',
    flag: '--reap-interval',
    fallback: '5',
    meaning:
      'Longest interval between two checks for expired leases, in seconds. The server also checks when the next one is due.',
    accepts: 'a number of seconds from 0.1 to 3600',
    read: decimal(0.1, 3_600),
  },
  stopGraceSecs: {
    env: 'STOP_GRACE_SECS',
    flag: '--stop-grace',
    fallback: '10',
    meaning:
      'How long a worker may take to stop a job that timed out or was cancelled, in seconds; its retry and the jobs after it wait so long. 0 does not wait.',
    accepts: 'a number of seconds from 0 to 3600',
    read: decimal(0, 3_600),
  },
  doctorIntervalSecs: {
    env: 'DOCTOR_INTERVAL_SECS',
    flag: '--doctor-interval',
    fallback: '3600',
    meaning:
      'Interval of the database integrity check, in seconds. Results go to the log and the metrics. With DATABASE_URL one server checks for all. 0: never.',
    accepts: 'a number of seconds from 0 to 604800',
    read: decimal(0, 604_800),
  },
  logHeadMib: {
    env: 'LOG_HEAD_MIB',
    flag: '--log-head',
    fallback: '16',
    meaning: "How much of the beginning of an attempt's log is kept, in MiB. The middle of a longer log is dropped.",
    accepts: 'a number of MiB from 0 to 1024',
    read: decimal(0, 1_024),
  },
  logTailMib: {
    env: 'LOG_TAIL_MIB',
    flag: '--log-tail',
    fallback: '48',
    meaning: "How much of the end of an attempt's log is kept, in MiB. The newest piece is kept whatever its size.",
    accepts: 'a number of MiB from 0.1 to 1024',
    read: decimal(0.1, 1_024),
  },
  retentionRunsDays: {
    env: 'RETENTION_RUNS_DAYS',
    flag: '--retention-runs',
    fallback: '30',
    meaning: 'Runs are deleted this many days after their end, except the newest of each workflow. 0: never.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  retentionLogsDays: {
    env: 'RETENTION_LOGS_DAYS',
    flag: '--retention-logs',
    fallback: '14',
    meaning: 'Logs are deleted this many days after the end of their run. 0: with the run.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  retentionAuditDays: {
    env: 'RETENTION_AUDIT_DAYS',
    flag: '--retention-audit',
    fallback: '365',
    meaning:
      'Audit entries (who created tokens and workflows, started and cancelled runs) are deleted after this many days. 0: never.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  tlsCert: {
    env: 'TLS_CERT',
    flag: '--tls-cert',
    fallback: '',
    meaning: 'PEM file of the certificate chain. Needs TLS_KEY; the port then speaks TLS only.',
    accepts: 'a path',
    read: optionalText,
  },
  tlsKey: {
    env: 'TLS_KEY',
    flag: '--tls-key',
    fallback: '',
    meaning: 'PEM file of the private key. Needs TLS_CERT.',
    accepts: 'a path',
    read: optionalText,
  },
  logLevel: {
    env: 'LOG_LEVEL',
    flag: '--log-level',
    fallback: 'info',
    meaning: 'Least severe level to log: trace, debug, info, warn, error, fatal or silent.',
    accepts: 'trace, debug, info, warn, error, fatal or silent',
    read: oneOf<LogLevel>(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  },
  logFormat: {
    env: 'LOG_FORMAT',
    flag: '--log-format',
    fallback: '',
    meaning: 'json or human. The default is human on a terminal and json elsewhere.',
    accepts: 'json or human',
    read: (text: string): LogFormat | null | undefined =>
      text === '' ? null : oneOf<LogFormat>(['json', 'human'])(text),
  },
  insecure: {
    env: 'INSECURE',
    flag: '--insecure',
    fallback: 'false',
    meaning: 'Listen on an address that other machines can reach although there is no token.',
    accepts: 'true or false',
    read: yesOrNo,
  },
  shutdownTimeoutSecs: {
    env: 'SHUTDOWN_TIMEOUT_SECS',
    flag: '--shutdown-timeout',
    fallback: '10',
    meaning: 'How long requests in progress may take to finish when the server stops, in seconds.',
    accepts: 'a number of seconds from 0 to 3600',
    read: decimal(0, 3_600),
  },
} as const satisfies Record<string, Setting<unknown>>;

type SettingName = keyof typeof settings;

export type Config = {
  readonly [K in SettingName]: Exclude<ReturnType<(typeof settings)[K]['read']>, undefined>;
};

/** A setting without an acceptable value. The message is for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Flags of the command line by the names of `Config`; undefined ones were not given. */
export type Flags = { readonly [K in SettingName]?: string | boolean | undefined };

/** Reads every setting; throws one `ConfigError` that names all bad ones. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, flags: Flags = {}): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const given = flags[name];
    const source = given === undefined ? setting.env : setting.flag;
    // An empty variable means an absent one, as in `PORT= npm start`.
    const text = (given === undefined ? env[setting.env]?.trim() || setting.fallback : String(given)).trim();
    const value = setting.read(text);
    if (value === undefined) problems.push(`${source} is ${JSON.stringify(text)}; it must be ${setting.accepts}`);
    else values[name] = value;
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  // Each key of the table was read by its own reader above.
  const config = Object.freeze(values) as Config;
  if ((config.tlsCert === null) !== (config.tlsKey === null)) {
    const [set, missing] = config.tlsCert === null ? ['TLS_KEY', 'TLS_CERT'] : ['TLS_CERT', 'TLS_KEY'];
    throw new ConfigError(`${set} is set but ${missing} is not; TLS needs both`);
  }
  return config;
}

/** Whether only programs on this machine can reach the address. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return /^(0*:)*:?0*1$/.test(host) || /^::ffff:127\./i.test(host);
  return host === 'localhost' || host.endsWith('.localhost');
}

/**
 * Refuses to let others reach a server that lets everyone do everything.
 *
 * @throws ConfigError with the ways out.
 */
export function refuseOpenServer(config: Pick<Config, 'host' | 'insecure'>, tokensRequired: boolean): void {
  if (tokensRequired || config.insecure || isLoopback(config.host)) return;
  throw new ConfigError(
    `HOST is ${JSON.stringify(config.host)}, which others can reach, and no token exists, so anyone could run commands on the workers. ` +
      'Create a token (workflow-graph token create --name admin --scope admin), listen on 127.0.0.1, or give --insecure',
  );
}

function wholeNumber(least: number, most: number) {
  return (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
}

function decimal(least: number, most: number) {
  return (text: string): number | undefined => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
}

function oneOf<T extends string>(names: readonly T[]) {
  return (text: string): T | undefined => names.find((name) => name === text.toLowerCase());
}

function yesOrNo(text: string): boolean | undefined {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : undefined;
}

function path(text: string): string | undefined {
  return text === '' || text.includes('\0') ? undefined : text;
}

/** A path that begins and ends with `/`. */
function basePath(text: string): string | undefined {
  if (text === '/') return text;
  if (!/^(?:\/[\w.~-]+)+\/?$/.test(text)) return undefined;
  return text.endsWith('/') ? text : `${text}/`;
}

function optionalText(text: string): string | null | undefined {
  return text === '' ? null : path(text);
}

function postgresUrl(text: string): string | null | undefined {
  if (text === '') return null;
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? text : undefined;
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function originList(text: string): readonly string[] | undefined {
  const origins = list(text).map((item) => (item === '*' ? item : originOf(item)));
  return origins.every((origin) => origin !== undefined) ? origins : undefined;
}

/** The origin as browsers write it; undefined for anything else than an origin. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.origin === 'null') return undefined;
  return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' ? url.origin : undefined;
}

function hostList(text: string): readonly string[] | undefined {
  const hosts = list(text).map((host) => host.toLowerCase().replace(/^\[(.*)\]$/, '$1'));
  return hosts.every((host) => /^[a-z0-9_.-]+$/.test(host) || isIPv6(host)) ? hosts : undefined;
}
