import {
  type Compilable,
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { Connection } from './connection.js';
import { type ColumnType, type DialectRecord, sqliteDialectRecord } from './dialect.js';
import type { Schema } from './schema.js';

/**
 * A query that is built and typed once, by Kysely, and then run as often as wanted on a prepared statement. Building it
 * anew each time would cost ten times what running it does.
 */
export interface Statement<P, R> {
  readonly name: string;
  run(connection: Connection, parameters: P): Promise<readonly R[]>;
  /** The SQL for one database, for the golden files. */
  sql(dialect: DialectRecord): string;
}

/** What a statement is built with. */
export interface StatementContext<P> {
  readonly db: Kysely<Schema>;
  readonly dialect: DialectRecord;
  /** A scalar parameter. */
  value<K extends keyof P & string>(name: K): RawBuilder<P[K]>;
  /** A scalar integer that is compared with an indexed column. */
  integer<K extends keyof P & string>(name: K): RawBuilder<number>;
  /** A parameter that is passed as JSON text. */
  json(name: keyof P & string): RawBuilder<unknown>;
  /** The rows of a parameter, as a table expression to be aliased. `columns` name the fields in the order of their cells. */
  rows<T>(name: keyof P & string, columns: { readonly [C in keyof T & string]: ColumnType }): RawBuilder<T>;
}

/**
 * A row set parameter: an array of rows, each an array of cells in the order of the statement's columns. A parameter may
 * also be given as JSON text that was written elsewhere.
 */
export type Cells = readonly (readonly (string | number | null)[])[];

class Parameter {
  readonly name: string;
  readonly json: boolean;
  constructor(name: string, json: boolean) {
    this.name = name;
    this.json = json;
  }
}

interface Compiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const registry: Statement<never, unknown>[] = [];

/** Every statement there is, for the golden files and plans. */
export function allStatements(): readonly Statement<never, unknown>[] {
  return registry;
}

const builders = {
  sqlite: new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
};

/** Names a query and how it is built. It is compiled for a database when it first runs there. */
export function statement<P, R>(name: string, build: (context: StatementContext<P>) => Compilable<R>): Statement<P, R> {
  let compiled: Compiled | null = null;
  const compile = (dialect: DialectRecord): Compiled => {
    const context: StatementContext<P> = {
      db: builders.sqlite,
      dialect,
      value: (key) => sql`${new Parameter(key, false)}`,
      integer: (key) => dialect.integer(sql`${new Parameter(key, false)}`),
      json: (key) => sql`${new Parameter(key, true)}`,
      rows: (key, columns) =>
        dialect.rowSet(sql`${new Parameter(key, true)}`, Object.entries(columns) as [string, ColumnType][]) as never,
    };
    const { sql: text, parameters } = build(context).compile();
    return { sql: text, parameters };
  };
  const made: Statement<P, R> = {
    name,
    async run(connection, parameters) {
      compiled ??= compile(sqliteDialectRecord);
      const values = parameters as Readonly<Record<string, unknown>>;
      const bound = compiled.parameters.map((parameter) => {
        if (!(parameter instanceof Parameter)) return parameter;
        const value = values[parameter.name];
        return parameter.json && typeof value !== 'string' ? JSON.stringify(value) : value;
      });
      return (await connection.query(compiled.sql, bound)) as readonly R[];
    },
    sql: (dialect) => compile(dialect).sql,
  };
  registry.push(made as unknown as Statement<never, unknown>);
  return made;
}
