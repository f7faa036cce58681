import { formatDuration } from '../parts/format.js';
import type { Preferences } from '../parts/preferences.js';

type LogTime = Preferences['logTime'];

export const logTimes: Readonly<Record<LogTime, string>> = {
  off: 'No times',
  clock: 'Clock times',
  elapsed: 'Since the start',
};

export function nextLogTime(now: LogTime): LogTime {
  return now === 'off' ? 'clock' : now === 'clock' ? 'elapsed' : 'off';
}

/** Formats the time of a line; null if none is shown. Times are by the worker's clock. */
export function timeWriter(logTime: LogTime, startedMs: number): ((atMs: number) => string) | null {
  if (logTime === 'off') return null;
  if (logTime === 'elapsed') return (atMs) => `+${formatDuration(Math.max(0, atMs - startedMs))}`;
  const clock = new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  });
  return (atMs) => clock.format(atMs);
}
