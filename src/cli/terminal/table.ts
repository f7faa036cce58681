import type { Output, Paint } from './palette.js';
import { cutTo, padTo, widthOf } from './text-width.js';

/** One column: its heading, and the harmless text of a row. */
export interface Column<T> {
  readonly heading: string;
  readonly text: (row: T) => string;
  readonly paint?: (row: T, text: string) => string;
}

/** Columns are two blanks apart. The last one is cut at the edge of a terminal, and is whole elsewhere. */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { output, paint }: { readonly output: Output; readonly paint: Paint },
): string[] {
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  const widths = columns.map(({ heading }, at) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), heading.length),
  );
  const columnsMax = output.isTTY === true ? (output.columns ?? 80) : Number.POSITIVE_INFINITY;
  const lastRoom = columnsMax - widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);

  const line = (row: readonly string[], dress: (at: number, text: string) => string) =>
    row
      .map((text, at) => {
        if (at < row.length - 1) return dress(at, padTo(text, widths[at] ?? 0));
        return dress(at, Number.isFinite(lastRoom) ? cutTo(text, Math.max(lastRoom, 10)) : text);
      })
      .join('  ')
      .trimEnd();

  const headings = line(
    columns.map(({ heading }) => heading),
    (_at, text) => paint('dim', text),
  );
  const body = cells.map((row, at) =>
    line(row, (column, text) => {
      const dress = columns[column]?.paint;
      const of = rows[at];
      return dress === undefined || of === undefined ? text : dress(of, text);
    }),
  );
  return [headings, ...body];
}
