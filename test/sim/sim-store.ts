import type { Connection, Row } from '../../src/store/connection.js';
import type { DialectRecord } from '../../src/store/dialect.js';
import { translateError } from '../../src/store/sqlite/classify-error.js';
import { sqliteDialect } from '../../src/store/sqlite/sqlite-dialect.js';
import { graceForLiveLeases } from '../../src/store/statements/attempts.js';
import { claimableJobs } from '../../src/store/statements/claims.js';
import {
  OutcomeUnknown,
  type Reader,
  type SharedDatabase,
  type Store,
  StoreUnavailable,
} from '../../src/store/store.js';
import { InjectedFailure } from './injected-failure.js';
import { type Outage, Reach } from './outage.js';
import { never, type Process } from './process.js';
import type { SimDatabase } from './sim-database.js';
import type { Told } from './told.js';
import type { Weather } from './weather.js';
import type { World } from './world.js';

/**
 * The dialect of a database that several servers share: still SQLite's words, but with what the engine does because
 * others write too.
 */
const sharedDialect: DialectRecord = { ...sqliteDialect, hasManyWriters: true };

const claimSql = claimableJobs.sql(sharedDialect);
const graceSql = graceForLiveLeases.sql(sqliteDialect);

interface SharedOptions {
  readonly told: Told;
  readonly outage: Outage;
  /** The database's time as this server knows it, and as it is. */
  readonly knownNow: () => number;
  readonly databaseNow: () => number;
  /** A change that was committed gave every live lease its full time from then on. */
  readonly onGrace: (nowMs: number) => void;
}

export interface SimStoreOptions {
  readonly world: World;
  readonly process: Process;
  readonly database: SimDatabase;
  readonly weather: () => Weather;
  /** Null for a database that only this server uses. */
  readonly shared: SharedOptions | null;
  /** The disk failed so that nobody knows what is stored: the server ends at once. */
  readonly onFatal: () => void;
  /** On a database of one server: a change that was committed gave every live lease its full time. */
  readonly onGrace: () => void;
  /** A failure was made. */
  readonly onTrouble: () => void;
  /** Something takes its time, and what comes after it has to wait. */
  readonly onSlow: (forMs: number) => void;
}

/**
 * A store as one life of a server sees it. It fails in every way that a real one can: between any two statements, at the
 * commit, between the commit and the answer, and while reading.
 */
export class SimStore implements Store {
  readonly dialect: DialectRecord;
  readonly read: Connection;
  readonly longRead: Connection;
  readonly shared: SharedDatabase | null;
  readonly #with: SimStoreOptions;
  readonly #reach: Reach | null;
  readonly #disk = new Disk();
  #open: OpenTransaction | null = null;

  constructor(options: SimStoreOptions) {
    this.#with = options;
    this.dialect = options.shared === null ? sqliteDialect : sharedDialect;
    const { shared } = options;
    this.#reach = shared === null ? null : new Reach(options.world, options.process, shared.outage);
    this.read = new ReadConnection(options, this.dialect, shared !== null, this.#reach);
    this.longRead = new ReadConnection(options, this.dialect, true, this.#reach);
    this.shared =
      shared === null || this.#reach === null
        ? null
        : shared.told.join(
            options.process,
            shared.knownNow,
            shared.databaseNow,
            options.database.lastWriteMs,
            this.#reach,
            (message, connection) => {
              if (connection !== this.#open) return false;
              this.#open?.messages.push(message);
              return true;
            },
          );
    options.process.onDeath(() => options.database.abandon(options.process));
  }

  async transact<T>(work: (connection: Connection, databaseNowMs: number | null) => Promise<T>): Promise<T> {
    const { world, process, database, weather, shared } = this.#with;
    const { random } = world;
    if (!process.isAlive) return never();
    if (this.#reach !== null) await this.#reach.arrive().catch((error: unknown) => this.#refuse(error));
    await database.begin(process);
    for (;;) {
      const connection = new OpenTransaction(this.#with, this.dialect, this.#reach, this.#disk);
      const nowMs = shared === null ? null : shared.databaseNow();
      const isGrace = this.#reach !== null && this.#reach.awayMs() > outageToleranceMs;
      this.#open = connection;
      let result: T;
      try {
        result = await work(connection, nowMs);
      } catch (error) {
        if (!process.isAlive) return never();
        this.#open = null;
        database.rollback(process);
        const judged = this.#translate(error);
        if (!process.isAlive) return never();
        throw judged;
      }
      if (!process.isAlive) return never();
      this.#open = null;
      if (shared !== null && random.chance(weather().collides)) {
        world.count('transaction ran again');
        database.beginAgain();
        continue;
      }
      await this.#commit(connection, isGrace ? nowMs : null);
      return result;
    }
  }

  /** @param graceMs when the transaction gave every live lease its full time again; null when it did not */
  async #commit(connection: OpenTransaction, graceMs: number | null): Promise<void> {
    const { world, process, database, weather, shared } = this.#with;
    const { random } = world;
    const failure = connection.failure ?? this.#commitFailure();
    if (failure !== null) {
      // After an I/O error at the commit nobody knows on which side of it the data is.
      const isStored = failure.code === 'SQLITE_IOERR' && connection.failure === null && random.chance(0.5);
      if (isStored) database.commit(process);
      else database.rollback(process);
      if (isStored) world.count('failed commit was stored');
      const judged = this.#translate(failure);
      if (!process.isAlive) return never();
      throw judged;
    }
    if (connection.fate === 'crash at commit') {
      world.count('crash at the commit');
      process.die();
      return never();
    }
    if (shared !== null && (shared.outage.isAway || random.chance(weather().outcomeUnknown))) {
      world.count('outcome of a commit unknown');
      this.#with.onTrouble();
      if (random.chance(0.5)) this.#commitNow(connection, graceMs);
      else database.rollback(process);
      throw new OutcomeUnknown(new InjectedFailure('08006', 'connection lost during the commit'));
    }
    this.#commitNow(connection, graceMs);
    if (shared !== null) shared.told.send(process, connection.messages);
    if (random.chance(weather().crashBeforeAnswer)) {
      world.count('crash between commit and answer');
      process.die();
      return never();
    }
    if (random.chance(weather().slowCommit)) {
      world.count('slow commit');
      const forMs = random.within(1, 1_500);
      this.#with.onSlow(forMs);
      // In one process the whole server waits for its disk; for another's, only who wants the answer.
      if (shared === null) process.freezeUntil(world.nowMs + forMs);
      await world.sleep(forMs, process, 'committed at last');
    }
  }

  async openReader(): Promise<Reader> {
    const reads = new ReadConnection(this.#with, this.dialect, true, this.#reach);
    return { dialect: this.dialect, query: reads.query.bind(reads), execute: reads.execute, async close() {} };
  }

  async close(): Promise<void> {}

  #commitNow(connection: OpenTransaction, graceMs: number | null): void {
    const { database, process, shared, world } = this.#with;
    if (graceMs !== null) {
      world.count('grace after the database was away');
      shared?.onGrace(graceMs);
    }
    // Before the rest of the commit, since it is what this batch did first.
    if (shared === null && connection.gaveGrace) this.#with.onGrace();
    database.commit(process);
  }

  /** The database is away for longer than a caller waits. */
  async #refuse(error: unknown): Promise<never> {
    if (!this.#with.process.isAlive) return never();
    throw this.#translate(error);
  }

  #commitFailure(): InjectedFailure | null {
    const { world, weather } = this.#with;
    if (world.random.chance(weather().diskFull / 2)) {
      world.count('disk full at the commit');
      this.#disk.fill(world);
      return new InjectedFailure('SQLITE_FULL', 'database or disk is full');
    }
    if (world.random.chance(weather().diskFails)) {
      world.count('disk failed at the commit');
      return new InjectedFailure('SQLITE_IOERR', 'disk I/O error');
    }
    return null;
  }

  /** What the real stores make of a failure. */
  #translate(error: unknown): unknown {
    if (!(error instanceof InjectedFailure)) return error;
    this.#with.onTrouble();
    if (this.#with.shared !== null) return new StoreUnavailable('The database cannot take the change for now.', error);
    if (error.code === 'SQLITE_IOERR') this.#with.onFatal();
    return translateError(error, 'sim.db');
  }
}

/** For how long the database may be away without leases getting their full time again, as the documents say. */
const outageToleranceMs = 1_000;

/** A disk that may stay full for a while. */
class Disk {
  #fullUntilMs = 0;

  fill(world: World): void {
    if (world.random.chance(0.3)) this.#fullUntilMs = world.nowMs + world.random.within(500, 5_000);
  }

  isFull(world: World): boolean {
    return world.nowMs < this.#fullUntilMs;
  }
}

/** What is planned for a transaction. */
type Fate = 'none' | 'crash' | 'crash at commit' | 'full' | 'fails' | 'away';

/** The connection of a transaction that runs. After the death of its server it answers nobody and changes nothing. */
class OpenTransaction implements Connection {
  readonly dialect: DialectRecord;
  readonly messages: string[] = [];
  readonly fate: Fate;
  readonly #with: SimStoreOptions;
  readonly #reach: Reach | null;
  readonly #disk: Disk;
  gaveGrace = false;
  /** Statements until the fate strikes. */
  #left: number;
  /** Of a statement that nobody waited for, on a database that answers later. */
  failure: InjectedFailure | null = null;

  constructor(options: SimStoreOptions, dialect: DialectRecord, reach: Reach | null, disk: Disk) {
    this.#with = options;
    this.#reach = reach;
    this.#disk = disk;
    this.dialect = dialect;
    const { random } = options.world;
    const weather = options.weather();
    this.fate = random.chance(weather.crashBetweenStatements)
      ? random.pick(['crash', 'crash', 'crash at commit'] as const)
      : random.chance(weather.diskFull / 2) || disk.isFull(options.world)
        ? 'full'
        : random.chance(weather.diskFails)
          ? 'fails'
          : reach !== null && weather.outageEveryMs > 0 && random.chance(0.004)
            ? 'away'
            : 'none';
    this.#left = random.within(0, 9);
  }

  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]> {
    const { world, process, database, weather, shared } = this.#with;
    if (!process.isAlive) return never();
    const failure = this.#strike();
    if (!process.isAlive) return never();
    if (failure !== null) throw failure;
    // After a statement that failed, though nobody waited for it, a transaction takes no further one.
    if (this.failure !== null) throw this.failure;
    const rows = database.connection.query(sql, parameters);
    if (sql === graceSql) this.gaveGrace = true;
    if (shared === null) return rows;
    const answer = sql === claimSql ? this.#passOverTaken(rows) : rows;
    if (!world.random.chance(weather().slowStatement)) return answer;
    world.count('slow statement');
    const forMs = world.random.within(1, 300);
    this.#with.onSlow(forMs);
    return world.sleep(forMs, process, 'rows').then(() => answer);
  }

  execute(sql: string, parameters: readonly unknown[]): void {
    const { process, database, shared } = this.#with;
    if (!process.isAlive || this.failure !== null) return;
    const failure = this.#strike();
    if (!process.isAlive) return;
    if (failure !== null && shared === null) throw failure;
    this.failure = failure;
    if (failure === null) database.connection.execute(sql, parameters);
  }

  /** Rows that another server would be taking just now. */
  #passOverTaken(rows: readonly Row[]): readonly Row[] {
    const { world, weather } = this.#with;
    const left = rows.filter(() => !world.random.chance(weather().rowTaken));
    if (left.length < rows.length) world.count('row taken by another', rows.length - left.length);
    return left;
  }

  #strike(): InjectedFailure | null {
    const { world, process, shared } = this.#with;
    if (this.fate === 'away' && this.#left-- === 0) shared?.outage.begin(world.random.within(100, 6_000));
    const failure = this.#reach?.failure() ?? null;
    if (failure !== null) {
      world.count('database lost in a transaction');
      return failure;
    }
    if (this.fate === 'none' || this.fate === 'away' || this.#left-- !== 0) return null;
    if (this.fate === 'crash') {
      world.count('crash between statements');
      process.die();
    }
    if (this.fate === 'full') {
      world.count('disk full at a statement');
      this.#disk.fill(world);
      return new InjectedFailure('SQLITE_FULL', 'database or disk is full');
    }
    if (this.fate === 'fails') {
      world.count('disk failed at a statement');
      return new InjectedFailure('SQLITE_IOERR', 'disk I/O error');
    }
    return null;
  }
}

/** How many of the reads that go to another thread or process take any time. */
const slowReads = 0.3;

class ReadConnection implements Connection {
  readonly dialect: DialectRecord;
  readonly #with: SimStoreOptions;
  readonly #isFar: boolean;
  readonly #reach: Reach | null;

  /** @param isFar whether answers come from another thread or process */
  constructor(options: SimStoreOptions, dialect: DialectRecord, isFar: boolean, reach: Reach | null) {
    this.#with = options;
    this.dialect = dialect;
    this.#isFar = isFar;
    this.#reach = reach;
  }

  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]> {
    const { world, process, database, weather, shared } = this.#with;
    const { random } = world;
    if (!process.isAlive) return never();
    if (random.chance(weather().crashInRead)) {
      world.count('crash while reading');
      process.die();
      return never();
    }
    const failure = this.#reach?.failure() ?? null;
    if (failure !== null) throw new StoreUnavailable('The database is away.', failure);
    if (random.chance(weather().readFails)) {
      world.count('read failed');
      this.#with.onTrouble();
      const broken = new InjectedFailure('SQLITE_IOERR_READ', 'disk I/O error');
      throw shared === null ? broken : new StoreUnavailable('The database is away.', broken);
    }
    if (!this.#isFar || !random.chance(slowReads)) return database.read(process, sql, parameters);
    return (async () => {
      await world.sleep(random.within(0, 10), process, 'read');
      const rows = await database.read(process, sql, parameters);
      await world.sleep(random.within(0, 10), process, 'read answer');
      return rows;
    })();
  }

  execute(): never {
    throw new Error('this connection reads only');
  }
}
