import { isIPv4, isIPv6 } from 'node:net';
import type { LogFormat, LogLevel } from './telemetry/log.js';

/**
 * One setting: where it comes from, what it is when nobody says, and what it means. The reference in the documentation
 * is printed from this table. A flag of the command line wins over the environment.
 */
interface Setting<T> {
  readonly env: string;
  readonly flag: string;
  /** As it would be written in the environment; empty for "not set". */
  readonly fallback: string;
  readonly meaning: string;
  /** What is accepted, for the message about a bad value. */
  readonly accepts: string;
  /** The value, or undefined when the text is not acceptable. */
  readonly read: (text: string) => T | undefined;
}

export const settings = {
  port: {
    env: 'PORT',
    flag: '--port',
    fallback: '3000',
    meaning: 'TCP port of every protocol. When it is taken, the next free one, which is logged. 0 takes any free port.',
    accepts: 'a whole number from 0 to 65535',
    read: wholeNumber(0, 65_535),
  },
  host: {
    env: 'HOST',
    flag: '--host',
    fallback: '127.0.0.1',
    meaning: 'Address to listen on. An address that others can reach needs tokens, or --insecure.',
    accepts: 'an IP address or a host name',
    read: (text: string) => (/^[^\s/]+$/.test(text) ? text.replace(/^\[(.*)\]$/, '$1') : undefined),
  },
  workflowsDir: {
    env: 'WORKFLOWS_DIR',
    flag: '--workflows',
    fallback: 'workflows/',
    meaning: 'Directory whose *.yml, *.yaml and *.json files are loaded at start and when they change.',
    accepts: 'a path',
    read: path,
  },
  dataDir: {
    env: 'DATA_DIR',
    flag: '--data',
    fallback: './data',
    meaning: 'Directory of the database.',
    accepts: 'a path',
    read: path,
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    flag: '--database-url',
    fallback: '',
    meaning: 'A PostgreSQL database to use instead of SQLite in the data directory.',
    accepts: 'a URL that starts with postgres:// or postgresql://',
    read: postgresUrl,
  },
  databaseListenUrl: {
    env: 'DATABASE_LISTEN_URL',
    flag: '--database-listen-url',
    fallback: '',
    meaning:
      'Where to hear of what other servers do, when DATABASE_URL is that of a pooler in transaction mode: the same database without the pooler.',
    accepts: 'a URL that starts with postgres:// or postgresql://',
    read: postgresUrl,
  },
  insecureDurability: {
    env: 'INSECURE_DURABILITY',
    flag: '--insecure-durability',
    fallback: 'false',
    meaning:
      'Accept a PostgreSQL that acknowledges before it has stored (fsync, synchronous_commit or full_page_writes off).',
    accepts: 'true or false',
    read: yesOrNo,
  },
  corsOrigins: {
    env: 'CORS_ORIGINS',
    flag: '--cors-origins',
    fallback: '',
    meaning: 'Origins, separated by commas, whose pages may call the server from a browser; * for all.',
    accepts: 'origins such as https://ci.example.com, separated by commas, or *',
    read: originList,
  },
  allowedHosts: {
    env: 'ALLOWED_HOSTS',
    flag: '--allowed-hosts',
    fallback: '',
    meaning: 'Host names, separated by commas, by which the server may be called beside localhost.',
    accepts: 'host names without scheme and port, separated by commas',
    read: hostList,
  },
  apiOnly: {
    env: 'API_ONLY',
    flag: '--api-only',
    fallback: 'false',
    meaning:
      'Leave what falls due (leases, timeouts, retries, pruning) to another process, such as workflow-graph scheduler. Only with DATABASE_URL.',
    accepts: 'true or false',
    read: yesOrNo,
  },
  reapIntervalSecs: {
    env: 'REAP_INTERVAL_SECS',
    flag: '--reap-interval',
    fallback: '5',
    meaning:
      'The longest time between two looks for expired leases, in seconds; the next one that is due is timed exactly.',
    accepts: 'a number of seconds from 0.1 to 3600',
    read: decimal(0.1, 3_600),
  },
  doctorIntervalSecs: {
    env: 'DOCTOR_INTERVAL_SECS',
    flag: '--doctor-interval',
    fallback: '3600',
    meaning:
      'How often the database is searched for what must never be, in seconds; metrics and log tell. With DATABASE_URL one server does it for all. 0 never.',
    accepts: 'a number of seconds from 0 to 604800',
    read: decimal(0, 604_800),
  },
  retentionRunsDays: {
    env: 'RETENTION_RUNS_DAYS',
    flag: '--retention-runs',
    fallback: '30',
    meaning: 'How long runs are kept after their end, in days. The newest run of each workflow stays. 0 keeps all.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  retentionLogsDays: {
    env: 'RETENTION_LOGS_DAYS',
    flag: '--retention-logs',
    fallback: '14',
    meaning: 'How long the logs of a run are kept after its end, in days. 0 keeps them as long as the run.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  retentionAuditDays: {
    env: 'RETENTION_AUDIT_DAYS',
    flag: '--retention-audit',
    fallback: '365',
    meaning:
      'How long it is kept who made tokens and workflows, and started and cancelled runs, in days. 0 keeps it for ever.',
    accepts: 'a number of days from 0 to 36500',
    read: decimal(0, 36_500),
  },
  tlsCert: {
    env: 'TLS_CERT',
    flag: '--tls-cert',
    fallback: '',
    meaning: 'PEM file of the certificate chain. With TLS_KEY: the port speaks TLS only.',
    accepts: 'a path',
    read: optionalText,
  },
  tlsKey: {
    env: 'TLS_KEY',
    flag: '--tls-key',
    fallback: '',
    meaning: 'PEM file of the private key.',
    accepts: 'a path',
    read: optionalText,
  },
  logLevel: {
    env: 'LOG_LEVEL',
    flag: '--log-level',
    fallback: 'info',
    meaning: 'The least urgent entries to log.',
    accepts: 'trace, debug, info, warn, error, fatal or silent',
    read: oneOf<LogLevel>(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  },
  logFormat: {
    env: 'LOG_FORMAT',
    flag: '--log-format',
    fallback: '',
    meaning: 'json for machines, human for a terminal. When absent: human on a terminal, json elsewhere.',
    accepts: 'json or human',
    read: (text: string): LogFormat | null | undefined =>
      text === '' ? null : oneOf<LogFormat>(['json', 'human'])(text),
  },
  insecure: {
    env: 'INSECURE',
    flag: '--insecure',
    fallback: 'false',
    meaning: 'Listen on an address that others can reach although no token is needed.',
    accepts: 'true or false',
    read: yesOrNo,
  },
  shutdownTimeoutSecs: {
    env: 'SHUTDOWN_TIMEOUT_SECS',
    flag: '--shutdown-timeout',
    fallback: '10',
    meaning: 'How long requests under way may take to finish when the server stops, in seconds.',
    accepts: 'a number of seconds from 0 to 3600',
    read: decimal(0, 3_600),
  },
} as const satisfies Record<string, Setting<unknown>>;

type SettingName = keyof typeof settings;

export type Config = {
  readonly [K in SettingName]: Exclude<ReturnType<(typeof settings)[K]['read']>, undefined>;
};

/** A setting that has no acceptable value. The message is for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Settings of the command line by the names of `Config`; what is undefined was not given. */
export type Flags = { readonly [K in SettingName]?: string | boolean | undefined };

/** Reads every setting, or throws one `ConfigError` that names all bad ones. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, flags: Flags = {}): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const given = flags[name];
    const source = given === undefined ? setting.env : setting.flag;
    // An empty variable means the same as an absent one, as `PORT= npm start` is meant.
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
 * Refuses to listen where others can reach a server that lets everyone do everything.
 *
 * @throws ConfigError with the ways out.
 */
export function refuseOpenServer(config: Pick<Config, 'host' | 'insecure'>, tokensRequired: boolean): void {
  if (tokensRequired || config.insecure || isLoopback(config.host)) return;
  throw new ConfigError(
    `HOST is ${JSON.stringify(config.host)}, which others can reach, and no token exists, so anyone could run commands on the workers. ` +
      'Make a token (workflow-graph token create --scope admin), listen on 127.0.0.1, or say --insecure',
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

/** The origin as browsers write it; undefined for what is not just an origin. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.origin === 'null') return undefined;
  return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' ? url.origin : undefined;
}

function hostList(text: string): readonly string[] | undefined {
  const hosts = list(text).map((host) => host.toLowerCase().replace(/^\[(.*)\]$/, '$1'));
  return hosts.every((host) => /^[a-z0-9_.-]+$/.test(host) || isIPv6(host)) ? hosts : undefined;
}
