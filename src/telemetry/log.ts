import { type Logger, type LoggerOptions, pino } from 'pino';
import { escapeControls, escapeJsonText, escapeLine } from './escape-controls.js';

/** The server's log: structured, one event per change of state. */
export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type LogFormat = 'json' | 'human';

/** The destination of finished lines; each ends with a line feed. */
export interface LogDestination {
  write(line: string): void;
}

const levelNames = new Map(Object.entries(pino.levels.labels).map(([number, name]) => [Number(number), name]));

/** Creates the log. `json` writes one object a line for machines, `human` one sentence a line for a terminal. */
export function createLog(
  options: { level: LogLevel; format: LogFormat },
  destination: LogDestination = process.stderr,
): Log {
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    // No credential may reach the log, even if a request's headers are logged.
    redact: { paths: ['authorization', '*.authorization', 'headers.authorization', 'lease_id'], censor: '(hidden)' },
  };
  return pino(settings, options.format === 'json' ? jsonLines(destination) : humanLines(destination));
}

/** Names, errors and addresses in an entry come from callers, and a JSON log is read on terminals too. */
function jsonLines(destination: LogDestination): LogDestination {
  return { write: (line) => destination.write(escapeJsonText(line)) };
}

function humanLines(destination: LogDestination): LogDestination {
  return { write: (line) => destination.write(humanLine(line)) };
}

function humanLine(line: string): string {
  const entry: Record<string, unknown> = JSON.parse(line);
  const { level, time, msg, err, ...rest } = entry;
  const clock = String(time).slice(11, 23);
  const name = (levelNames.get(Number(level)) ?? String(level)).padEnd(5);
  const fields = Object.entries(rest).map(([key, value]) => `${escapeLine(key)}=${plain(value)}`);
  const head = [clock, name, plain(msg ?? ''), ...fields].join(' ');
  return err === undefined ? `${head}\n` : `${head}\n${stackOf(err)}\n`;
}

function plain(value: unknown): string {
  return escapeLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)));
}

function stackOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'stack' in error) return escapeControls(String(error.stack));
  return plain(error);
}
