import pg from 'pg';
import type { Connection, Row } from '../connection.js';
import { postgresDialect } from './postgres-dialect.js';

/** How a session is opened. */
export interface SessionOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Timeout of one statement in the database, in milliseconds. */
  readonly statementTimeoutMs: number;
  /** Timeout of connecting, in milliseconds. */
  readonly connectTimeoutMs: number;
}

/** How much longer than the database this side waits for an answer, before it treats the connection as dead. */
const answerGraceMs = 5_000;

/**
 * How long a transaction may stay idle, in milliseconds. A frozen server must not block the others from the rows that
 * it has locked.
 */
const silentTransactionMsMax = 5_000;

/**
 * Plans must not depend on the contents of the tables when statistics were gathered: a plan that was right for an empty
 * table scans a large one. Every statement of this program is made for index lookups. So other access methods are
 * disabled, and pages cost nothing: what counts is the number of touched rows, which is lowest for a lookup as soon as
 * a table has a few rows. Plans are made once, and again as the work doubles and then every few seconds, so that a plan
 * for an almost empty table does not stay. test/store/plans.test.ts checks the statements.
 */
const plannerSettings = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_bitmapscan=off',
  'enable_indexonlyscan=off',
  'enable_material=off',
  'enable_memoize=off',
  'seq_page_cost=0',
  'random_page_cost=0',
  'plan_cache_mode=force_generic_plan',
  'jit=off',
  'max_parallel_workers_per_gather=0',
];

/**
 * For a session that scans whole tables, as the doctor does. Disables only what takes time for each pair of rows: a
 * table without statistics seems small, and then a nested loop looks cheap.
 */
const wholeTablesSettings = ['enable_nestloop=off'];

/** How long a plan is kept, in milliseconds. */
const planMsMax = 10_000;

/** The names of prepared statements by their text, the same on every session. */
const names = new Map<string, string>();

/** `read_only_sql_transaction` */
const onlyReads = '25006';

const int8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/**
 * One session with PostgreSQL. Statements may be sent while earlier ones are still under way; the database runs them in
 * order.
 */
export class PostgresSession implements Connection {
  readonly dialect = postgresDialect;
  /** Whether a pooler such as pgbouncer is in between: the next transaction may use another session of the database. */
  readonly isPooled: boolean;
  readonly #client: pg.Client;
  #failure: unknown = null;
  #isLost = false;
  #onLost: () => void = () => {};
  #sent = 0;
  #plannedAt = performance.now();

  private constructor(client: pg.Client, isPooled: boolean) {
    this.#client = client;
    this.isPooled = isPooled;
  }

  /** Errors: the driver's own, for `classifyError`. */
  static async open(options: SessionOptions): Promise<PostgresSession> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs,
      query_timeout: options.statementTimeoutMs + answerGraceMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      pipeline: true,
      types,
    });
    let session: PostgresSession | null = null;
    // Without a listener, a connection that breaks while idle would end the process.
    client.on('error', () => session?.noteLost());
    client.on('end', () => session?.noteLost());
    await client.connect();
    try {
      session = new PostgresSession(client, await isBehindPoolerOfPrimary(client));
      if (!session.isPooled) await client.query(session.settingsText(options.statementTimeoutMs, false));
      return session;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  /** Whether the connection broke: nothing can be sent any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  noteLost(): void {
    this.#isLost = true;
    this.#onLost();
  }

  /** Calls back when the connection breaks. */
  onLost(callback: () => void): void {
    this.#onLost = callback;
  }

  /** The first failure of a statement that no caller awaited. */
  get failure(): unknown {
    return this.#failure;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    const result = await this.#send(sql, parameters);
    return result.rows as Row[];
  }

  execute(sql: string, parameters: readonly unknown[]): void {
    this.#send(sql, parameters).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  /** Runs a text that is no prepared statement; returns the database's command tag. */
  async command(text: string): Promise<string> {
    return (await this.#client.query(text)).command;
  }

  /** Forgets the failures of a finished transaction. */
  forgetFailure(): void {
    this.#failure = null;
  }

  onNotification(callback: (channel: string, payload: string) => void): void {
    this.#client.on('notification', ({ channel, payload }) => callback(channel, payload ?? ''));
  }

  /** Reads whole tables from now on. Behind a pooler the settings would affect other clients, so they do not change. */
  async readWholeTables(statementTimeoutMs: number): Promise<void> {
    if (this.isPooled) return;
    const settings = [...wholeTablesSettings, `statement_timeout=${statementTimeoutMs}`];
    await this.command(`reset all; ${settings.map((setting) => `set ${setting}`).join('; ')}`);
  }

  /** The session's settings: permanent, or for one transaction behind a pooler. */
  settingsText(statementTimeoutMs: number, forTransaction: boolean): string {
    const settings = [
      ...plannerSettings,
      `statement_timeout=${statementTimeoutMs}`,
      `idle_in_transaction_session_timeout=${silentTransactionMsMax}`,
    ];
    return settings.map((setting) => `set ${forTransaction ? 'local ' : ''}${setting}`).join('; ');
  }

  async close(): Promise<void> {
    this.#isLost = true;
    await this.#client.end().catch(() => {});
  }

  #send(sql: string, parameters: readonly unknown[]) {
    if (this.isPooled) return this.#client.query(sql, parameters as unknown[]);
    this.#renewPlans();
    let name = names.get(sql);
    if (name === undefined) {
      name = `s${names.size}`;
      names.set(sql, name);
    }
    return this.#client.query({ name, text: sql, values: parameters as unknown[] });
  }

  #renewPlans(): void {
    this.#sent += 1;
    const isPowerOfTwo = (this.#sent & (this.#sent - 1)) === 0;
    const now = performance.now();
    if (!isPowerOfTwo && now - this.#plannedAt < planMsMax) return;
    this.#plannedAt = now;
    // A failure shows in the next statement.
    this.#client.query('discard plans').catch(() => {});
  }
}

/**
 * A pooler answers the connection itself, with a process number of its own; the session behind it has another.
 *
 * Errors: a standby, which is read-only, counts as an unavailable database. It may be promoted, or be the wrong one.
 */
async function isBehindPoolerOfPrimary(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select pg_backend_pid() as pid, pg_is_in_recovery() as only_reads');
  if (rows[0]?.only_reads === true) {
    throw Object.assign(new Error('the database is a standby, which only reads'), { code: onlyReads });
  }
  const { processID } = client as unknown as { processID: number };
  return rows[0]?.pid !== processID;
}
