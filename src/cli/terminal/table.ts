import type { Output, Paint } from './palette.js';
import { cutTo, padTo, widthOf } from './text-width.js';
import { wrapWords } from './wrap-words.js';

/** One column: its heading, and the escaped text of a row. */
export interface Column<T> {
  readonly heading: string;
  readonly text: (row: T) => string;
  readonly paint?: (row: T, text: string) => string;
  /** Whether long texts continue on further lines, between words. Columns of ids and numbers stay on one line. */
  readonly wraps?: boolean;
}

const gap = 2;
/** Least width of a wrapping column. */
const wrappedColumnsMin = 16;
/** Least width to which other columns are cut, as the last resort. */
const cutColumnsMin = 8;
/** Lines that a cell may take. */
const linesMax = 6;

/** A table at most as wide as the terminal. Without a terminal, each row is one line, however long. */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { output, paint }: { readonly output: Output; readonly paint: Paint },
): string[] {
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  const natural = columns.map(({ heading }, at) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), heading.length),
  );
  const widths = output.isTTY === true ? fitWidths(columns, natural, output.columns || 80) : natural;

  const render = (row: readonly string[], dress: (at: number, text: string) => string): string[] => {
    const pieces = row.map((text, at) => piecesOf(text, widths[at] ?? 0, columns[at]?.wraps === true));
    const height = Math.max(...pieces.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      pieces
        .map((lines, at) => {
          const text = lines[line] ?? '';
          return dress(at, at === row.length - 1 ? text : padTo(text, widths[at] ?? 0));
        })
        .join(' '.repeat(gap))
        .trimEnd(),
    );
  };

  const headings = columns.map(({ heading }) => heading);
  return [
    ...render(headings, (_at, text) => paint('dim', text)),
    ...rows.flatMap((of, at) => render(cells[at] ?? [], (column, text) => columns[column]?.paint?.(of, text) ?? text)),
  ];
}

/** Narrows the widest columns that wrap, and then the widest of all, until the table fits. */
function fitWidths<T>(columns: readonly Column<T>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  const excess = () => widths.reduce((sum, width) => sum + width, gap * (widths.length - 1)) - room;
  const narrow = (min: number, isEligible: (at: number) => boolean) => {
    while (excess() > 0) {
      const widest = widths.reduce(
        (best, width, at) =>
          isEligible(at) && width > min && (best === -1 || width > (widths[best] ?? 0)) ? at : best,
        -1,
      );
      if (widest === -1) return;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  };
  narrow(wrappedColumnsMin, (at) => columns[at]?.wraps === true);
  narrow(cutColumnsMin, () => true);
  return widths;
}

function piecesOf(text: string, width: number, wraps: boolean): string[] {
  if (!wraps || widthOf(text) <= width) return [cutTo(text, width)];
  const lines = wrapWords(text, width).split('\n');
  const kept = lines.slice(0, linesMax).map((line) => cutTo(line, width));
  if (lines.length > linesMax) kept[linesMax - 1] = cutTo(`${lines[linesMax - 1] ?? ''} …`, width);
  return kept;
}
