import { once } from 'node:events';
import { escapeJson } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { type Paint, paintFor } from './terminal/palette.js';
import { type Column, tableLines } from './terminal/table.js';

/**
 * All output goes through `printText`. It waits while the reader of a pipe is slower than this process. Callers that
 * read from a server await it, so the server waits too, and memory stays bounded however much a job prints.
 */
export async function printText(text: string): Promise<void> {
  if (text === '' || process.stdout.write(text)) return;
  draining ??= once(process.stdout, 'drain').finally(() => {
    draining = null;
  });
  await draining;
}

/** Shared by all waiting callers, such as the logs of a run. */
let draining: Promise<unknown> | null = null;

/** Prints a value for programs. */
export function printJson(value: unknown): Promise<void> {
  return printText(`${escapeJson(value, 2)}\n`);
}

/** Prints a value for programs that read line by line. */
export function printJsonLine(value: unknown): Promise<void> {
  return printText(`${escapeJson(value)}\n`);
}

/** Prints lines of escaped text. */
export function printLines(lines: readonly string[]): Promise<void> {
  return printText(lines.map((line) => `${line}\n`).join(''));
}

/** Prints a table, or one sentence when it is empty. */
export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[], whenEmpty: string): Promise<void> {
  if (rows.length === 0) return printLines([whenEmpty]);
  return printLines(tableLines(columns, rows, { output: process.stdout, paint: stdoutPaint() }));
}

export function stdoutPaint(): Paint {
  return paintFor(process.stdout, process.env);
}

/** Ends the process silently when the reader of its output, such as `head`, closes the pipe. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exitCodes.brokenPipe);
      // Standard error is the only place left for a message, unless it is what failed.
      if (stream === process.stdout) process.stderr.write(`error: cannot write the output: ${error.message}\n`);
      process.exit(exitCodes.failed);
    });
  }
}
