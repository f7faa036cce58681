import { exitCodes } from './exit-codes.js';
import { harmlessJson } from './terminal/harmless.js';
import { type Paint, paintFor } from './terminal/palette.js';
import { type Column, tableLines } from './terminal/table.js';

/** Prints a value for programs. */
export function printJson(value: unknown): void {
  process.stdout.write(`${harmlessJson(value, 2)}\n`);
}

/** Prints a value for programs that read line by line. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${harmlessJson(value)}\n`);
}

/** Prints lines of harmless text. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints a table, or one sentence when there is nothing to show. */
export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[], whenEmpty: string): void {
  if (rows.length === 0) printLines([whenEmpty]);
  else printLines(tableLines(columns, rows, { output: process.stdout, paint: stdoutPaint() }));
}

export function stdoutPaint(): Paint {
  return paintFor(process.stdout, process.env);
}

/** Ends the process quietly when what reads its output, such as `head`, has seen enough. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exitCodes.brokenPipe);
      throw error;
    });
  }
}
