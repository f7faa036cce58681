import { Cron } from 'croner';
import { changesNear, firstMomentOf, wallTime } from './zone.js';

/** When a schedule is due, by the clocks of its zone. */
export interface CronTimes {
  /** Five fields, or a name such as `@daily`. */
  readonly cron: string;
  readonly timezone: string;
}

/** A mistake in a cron expression, and its position. */
export interface CronFault {
  readonly fault: string;
  readonly offset: number;
}

const nicknames: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

const fields = [
  { name: 'minute', expected: '0 to 59' },
  { name: 'hour', expected: '0 to 23' },
  {
    name: 'day of the month',
    expected: '1 to 31, "L" for the last day, or "15W" for the working day nearest to the 15th',
  },
  { name: 'month', expected: '1 to 12, or JAN to DEC' },
  {
    name: 'day of the week',
    expected: '0 to 7 (0 and 7 are Sunday), SUN to SAT, "5#2" for the second Friday, or "5L" for the last',
  },
] as const;

/** Hours around a clock change in which a wall time may be skipped or occur twice; no change is larger. */
const clockChangeHours = 26;

/** Why the text is no cron expression; null for a valid one. */
export function cronFault(text: string): CronFault | null {
  if (text.startsWith('@')) {
    if (nicknames.has(text)) return null;
    return { fault: `has ${JSON.stringify(text)}; there are ${[...nicknames.keys()].join(', ')}`, offset: 0 };
  }
  const parts = [...text.matchAll(/[^ \t]+/g)].map((match) => ({ text: match[0], offset: match.index }));
  if (parts.length !== fields.length) {
    const hint = parts.length === 6 || parts.length === 7 ? '; there are no seconds and no years' : '';
    return {
      fault: `has ${parts.length} field${parts.length === 1 ? '' : 's'}; it must have five: minute, hour, day of the month, month, day of the week${hint}`,
      offset: 0,
    };
  }
  for (const [at, part] of parts.entries()) {
    const field = fields[at];
    if (field === undefined || isField(part.text, at)) continue;
    return {
      fault: `has ${JSON.stringify(part.text)} for the ${field.name}, which must be ${field.expected}`,
      offset: part.offset,
    };
  }
  if (nextWallTime(text, Date.UTC(2000, 0, 1)) === null) return { fault: 'means a time that never comes', offset: 0 };
  return null;
}

/**
 * The first time after a moment at which a schedule is due; null when none comes.
 *
 * A schedule whose minute or hour has a `*` or a step follows real time: it is due in both passes of a repeated hour,
 * and not in a skipped one. Any other has fixed times: a skipped one is due at the first moment after the gap, and a
 * repeated one only the first time.
 */
export function nextSlot({ cron, timezone }: CronTimes, afterMs: number): number | null {
  const text = nicknames.get(cron) ?? cron;
  const [minute = '', hour = ''] = text.trim().split(/[ \t]+/);
  if (/[*/]/.test(minute + hour)) return nextMoment(text, timezone, afterMs);
  return nextFixedTime(text, timezone, afterMs);
}

/** Moves from one wall time to the next, each at the moment at which the clocks first show it. */
function nextFixedTime(text: string, timezone: string, afterMs: number): number | null {
  const aroundMs = changesNear(timezone, afterMs, clockChangeHours) ? clockChangeHours * 3_600_000 : 0;
  let wallMs: number | null = wallTime(timezone, afterMs) - aroundMs;
  for (;;) {
    wallMs = nextWallTime(text, wallMs);
    if (wallMs === null) return null;
    const moment = firstMomentOf(timezone, wallMs);
    if (moment > afterMs) return moment;
  }
}

function nextWallTime(text: string, afterMs: number): number | null {
  return nextMoment(text, 'UTC', afterMs);
}

function nextMoment(text: string, timezone: string, afterMs: number): number | null {
  return calculator(text, timezone).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** Croner only calculates here: it starts no timer. */
function calculator(text: string, timezone: string): Cron {
  return new Cron(text, { mode: '5-part', timezone, paused: true, fixedTimeRule: 'no-wildcard' });
}

/** Whether a text is valid in a field. Croner accepts more (`?`, `+`), which other systems interpret differently. */
function isField(text: string, at: number): boolean {
  if (!/^[0-9A-Za-z*,/#-]+$/.test(text)) return false;
  try {
    calculator(fields.map((_, field) => (field === at ? text : '*')).join(' '), 'UTC');
    return true;
  } catch {
    return false;
  }
}
