import type { ColumnType } from './dialect.js';

/**
 * How a column of a row set is declared: by its type, with `?` if it may be null, or by `textOf` for the texts of a
 * union.
 */
export type ColumnDeclaration = ColumnType | `${ColumnType}?` | TextOf<string>;

declare const texts: unique symbol;
type TextOf<T extends string> = 'text' & { readonly [texts]: T };

/** A column whose texts belong to a union: `state: textOf<JobState>()`. */
export function textOf<T extends string>(): TextOf<T> {
  return 'text' as TextOf<T>;
}

type ValueOf<C> =
  C extends TextOf<infer T>
    ? T
    : C extends 'text'
      ? string
      : C extends 'text?'
        ? string | null
        : C extends `${string}?`
          ? number | null
          : number;

/** The rows of a statement's parameter: their columns, in the order of the cells in the database. */
export interface RowSet<R> {
  readonly columns: readonly (readonly [name: keyof R & string, type: ColumnType])[];
  /** The rows as the JSON text that the statement takes: an array of arrays, each in the order of the columns. */
  write(rows: readonly R[]): string;
}

/** What a statement accepts for a row set. */
export type Rows<S> = S extends RowSet<infer R> ? readonly R[] : never;

/** Declares a row set; the type of its rows follows from it. */
export function rowSet<const C extends Readonly<Record<string, ColumnDeclaration>>>(
  declarations: C,
): RowSet<{ readonly [K in keyof C]: ValueOf<C[K]> }> {
  const names = Object.keys(declarations) as (keyof C & string)[];
  return {
    columns: names.map((name) => [name, (declarations[name] as string).replace('?', '') as ColumnType] as const),
    write: (rows) => JSON.stringify(rows.map((row) => names.map((name) => row[name]))),
  };
}
