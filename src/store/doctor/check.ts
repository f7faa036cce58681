import { type RawBuilder, sql } from 'kysely';

/** Fragments in the SQL of one database. */
export interface DoctorDialect {
  /** The integer at a path of a JSON text, such as `retry.maxRetries`. */
  jsonInteger(column: RawBuilder<unknown>, path: readonly string[]): RawBuilder<number>;
  /** 1 where the key of a JSON object is true, otherwise 0. */
  jsonBoolean(column: RawBuilder<unknown>, key: string): RawBuilder<number>;
  /**
   * The rows of a table with a column that is a JSON list of lists of integers: one row for each inner list. Its integers
   * are columns, null where it is shorter, beside some columns of the table.
   */
  innerLists(from: {
    table: string;
    kept: readonly string[];
    column: string;
    as: readonly string[];
  }): RawBuilder<unknown>;
  /** Size of a text in UTF-8. */
  bytes(column: RawBuilder<unknown>): RawBuilder<number>;
}

export const doctorDialects: Readonly<Record<'sqlite' | 'postgres', DoctorDialect>> = {
  sqlite: {
    jsonInteger: (column, path) => sql`json_extract(${column}, ${sql.lit(`$.${path.join('.')}`)})`,
    jsonBoolean: (column, key) => sql`coalesce(json_extract(${column}, ${sql.lit(`$.${key}`)}), 0)`,
    innerLists: ({ table, kept, column, as }) =>
      sql`(select ${sql.join([
        ...kept.map((key) => sql`i.${sql.ref(key)}`),
        ...as.map((name, at) => sql`json_extract(e.value, ${sql.lit(`$[${at}]`)}) as ${sql.ref(name)}`),
      ])} from ${sql.table(table)} as i join json_each(i.${sql.ref(column)}) as e)`,
    bytes: (column) => sql`octet_length(${column})`,
  },
  postgres: {
    jsonInteger: (column, path) => sql`cast(cast(${column} as jsonb) #>> ${sql.lit(`{${path.join(',')}}`)} as bigint)`,
    jsonBoolean: (column, key) =>
      sql`case when cast(${column} as jsonb) ->> ${sql.lit(key)} = 'true' then 1 else 0 end`,
    innerLists: ({ table, kept, column, as }) => sql`(select ${sql.join([
      ...kept.map((key) => sql`s.${sql.ref(key)}`),
      ...as.map((name, at) => sql`cast(s.e ->> ${sql.lit(at)} as bigint) as ${sql.ref(name)}`),
    ])} from (select ${sql.join(kept.map((key) => sql`i.${sql.ref(key)}`))},
      jsonb_array_elements(cast(i.${sql.ref(column)} as jsonb)) as e
      from ${sql.table(table)} as i where i.${sql.ref(column)} is not null) as s)`,
    bytes: (column) => sql`octet_length(${column})`,
  },
};

/** An invariant, and a query for its violations. */
export interface Check {
  readonly name: string;
  /** A sentence that is true of a healthy database. */
  readonly promise: string;
  /** The violating rows, each with a `subject` that identifies it. */
  readonly violations: (dialect: DoctorDialect) => RawBuilder<{ subject: string }>;
}
