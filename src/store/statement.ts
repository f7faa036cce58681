import { type Compilable, type CompiledQuery, DummyDriver, Kysely, type RawBuilder, sql } from 'kysely';
import type { Connection } from './connection.js';
import type { ColumnType, DialectRecord } from './dialect.js';
import type { Schema } from './schema.js';

/**
 * A query that is built and typed once for each database, by Kysely, and then run as often as wanted on a prepared
 * statement. Building it anew each time would cost ten times what running it does.
 */
export interface Statement<P, R> {
  readonly name: string;
  /** A statement without rows to return may be on its way still when the promise is fulfilled; see `Connection`. */
  run(connection: Connection, parameters: P): Promise<readonly R[]>;
  /** The SQL for one database, for the golden files. */
  sql(dialect: DialectRecord): string;
}

/** What a statement is built with. */
export interface StatementContext<P> {
  readonly db: Kysely<Schema>;
  readonly dialect: DialectRecord;
  /** A scalar parameter, of the type that its place asks for. */
  value<K extends keyof P & string>(name: K): RawBuilder<P[K]>;
  /**
   * A scalar parameter that is an integer: where it is compared with an indexed column or limits the rows, or its place
   * has no type. SQLite would plan the statement anew at each run for a bare parameter there, which costs more than most
   * statements do.
   */
  integer<K extends keyof P & string>(name: K): RawBuilder<number>;
  /** The same for a text that is compared with an indexed column. */
  text<K extends keyof P & string>(name: K): RawBuilder<string>;
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
  readonly hasRows: boolean;
}

const registry: Statement<never, unknown>[] = [];

/** Every statement there is, for the golden files and plans. */
export function allStatements(): readonly Statement<never, unknown>[] {
  return registry;
}

const builders = new Map<DialectRecord, Kysely<Schema>>();

/**
 * Names a query and how it is built. It is compiled for a database when it first runs there.
 *
 * @param rowsWanted false for a select that is run only for what it locks
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
      value: (key) => sql`${new Parameter(key, false)}`,
      integer: (key) => dialect.integer(sql`${new Parameter(key, false)}`),
      text: (key) => sql`cast(${new Parameter(key, false)} as text)`,
      json: (key) => sql`${new Parameter(key, true)}`,
      rows: (key, columns) =>
        dialect.rowSet(sql`${new Parameter(key, true)}`, Object.entries(columns) as [string, ColumnType][]) as never,
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
        const value = values[parameter.name];
        return parameter.json && typeof value !== 'string' ? JSON.stringify(value) : value;
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
