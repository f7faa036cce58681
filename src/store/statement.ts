import { type Compilable, type CompiledQuery, DummyDriver, Kysely, type RawBuilder, sql } from 'kysely';
import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';
import type { RowSet } from './row-set.js';
import type { Schema } from './schema.js';

/**
 * A query that Kysely builds and types once for each database, and that then runs on a prepared statement. Building it
 * each time would cost ten times what running it does.
 */
export interface Statement<P, R> {
  readonly name: string;
  /** A statement that returns no rows may still be under way when the promise resolves; see `Connection`. */
  run(connection: Connection, parameters: P): Promise<readonly R[]>;
  /** The SQL for one database, for the golden files. */
  sql(dialect: DialectRecord): string;
}

/** What a statement is built with. */
export interface StatementContext<P> {
  readonly db: Kysely<Schema>;
  readonly dialect: DialectRecord;
  /** A scalar parameter, of the type that its place requires. */
  value<K extends keyof P & string>(name: K): RawBuilder<P[K]>;
  /**
   * A scalar parameter that is an integer: for a comparison with an indexed column, a limit, or a place without a type.
   * With a bare parameter there SQLite would plan the statement again at each run, which costs more than most
   * statements do.
   */
  integer<K extends keyof P & string>(name: K): RawBuilder<number>;
  /** The same for a text that is compared with an indexed column. */
  text<K extends keyof P & string>(name: K): RawBuilder<string>;
  /** A parameter that is passed as JSON text. */
  json(name: keyof P & string): RawBuilder<unknown>;
  /**
   * The rows of a parameter, as a table expression to be aliased. A parameter may also be the output of `set.write`.
   */
  rows<R>(name: RowsParameter<P, R>, set: RowSet<R>): RawBuilder<R>;
}

/** The parameters that are rows of one row set. */
type RowsParameter<P, R> = { [K in keyof P]: readonly R[] extends P[K] ? K : never }[keyof P] & string;

/** A placeholder for a value in a compiled statement, and how the value is written for the database. */
class Parameter {
  readonly name: string;
  readonly write: (value: unknown) => unknown;
  constructor(name: string, write: (value: unknown) => unknown) {
    this.name = name;
    this.write = write;
  }
}

const asItIs = (value: unknown): unknown => value;
const asJson = (value: unknown): unknown => (typeof value === 'string' ? value : JSON.stringify(value));

interface Compiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly hasRows: boolean;
}

const registry: Statement<never, unknown>[] = [];

/** All statements, for the golden files and plans. */
export function allStatements(): readonly Statement<never, unknown>[] {
  return registry;
}

const builders = new Map<DialectRecord, Kysely<Schema>>();

/**
 * Names a query and how it is built. It is compiled for a database when it first runs there.
 *
 * @param rowsWanted false for a select that runs only for its locks
 */
export function statement<P, R>(
  name: string,
  build: (context: StatementContext<P>) => Compilable<R>,
  rowsWanted = true,
): Statement<P, R> {
  const compile = (dialect: DialectRecord): Compiled => {
    const context: StatementContext<P> = {
      db: builderFor(dialect),
      dialect,
      value: (key) => sql`${new Parameter(key, asItIs)}`,
      integer: (key) => dialect.integer(sql`${new Parameter(key, asItIs)}`),
      text: (key) => sql`cast(${new Parameter(key, asItIs)} as text)`,
      json: (key) => sql`${new Parameter(key, asJson)}`,
      rows: (key, { columns, write }) => {
        const writeRows = (rows: unknown) =>
          typeof rows === 'string' ? rows : write(rows as Parameters<typeof write>[0]);
        return dialect.rowSet(sql`${new Parameter(key, writeRows)}`, columns) as never;
      },
    };
    const compiled = build(context).compile();
    return { sql: compiled.sql, parameters: compiled.parameters, hasRows: rowsWanted && returnsRows(compiled) };
  };
  const known = new Map<DialectRecord, Compiled>();
  const made: Statement<P, R> = {
    name,
    async run(connection, parameters) {
      let compiled = known.get(connection.dialect);
      if (compiled === undefined) {
        compiled = compile(connection.dialect);
        known.set(connection.dialect, compiled);
      }
      const values = parameters as Readonly<Record<string, unknown>>;
      const bound = compiled.parameters.map((parameter) => {
        if (!(parameter instanceof Parameter)) return parameter;
        return parameter.write(values[parameter.name]);
      });
      if (compiled.hasRows) return (await connection.query(compiled.sql, bound)) as readonly R[];
      connection.execute(compiled.sql, bound);
      return [];
    },
    sql: (dialect) => compile(dialect).sql,
  };
  registry.push(made as unknown as Statement<never, unknown>);
  return made;
}

function builderFor(dialect: DialectRecord): Kysely<Schema> {
  let builder = builders.get(dialect);
  if (builder === undefined) {
    builder = new Kysely<Schema>({ dialect: { ...dialect.kysely, createDriver: () => new DummyDriver() } });
    builders.set(dialect, builder);
  }
  return builder;
}

function returnsRows({ query }: CompiledQuery<unknown>): boolean {
  return query.kind === 'SelectQueryNode' || ('returning' in query && query.returning !== undefined);
}
