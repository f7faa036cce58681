import { describe, expect, it } from 'vitest';
import { cronFault, nextSlot } from '../../../src/domain/schedule/cron.js';
import { isZone, wallTime } from '../../../src/domain/schedule/zone.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function slots(cron: string, timezone: string, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  for (
    let at = nextSlot({ cron, timezone }, fromMs);
    at !== null && at <= toMs;
    at = nextSlot({ cron, timezone }, at)
  ) {
    found.push(at);
  }
  return found;
}

const iso = (times: readonly number[]) => times.map((at) => new Date(at).toISOString().slice(0, 16));

describe('a cron expression', () => {
  it.each([
    ['@daily', null],
    ['30 2 * * 1-5', null],
    ['*/15 8-18 * JAN,mar MON-FRI', null],
    ['0 0 L * *', null],
    ['0 0 15W * *', null],
    ['0 9 * * 5#2', null],
    ['0 9 * * FRIL', null],
    ['0 0 29 2 *', null],
    ['0 0 30 2 *', 'means a time that never comes'],
    ['0 0 31 4,6,9,11 *', 'means a time that never comes'],
    [
      '0 0 * * * *',
      'has 6 fields; it must have five: minute, hour, day of the month, month, day of the week; there are no seconds and no years',
    ],
    ['0 0 * *', 'has 4 fields; it must have five: minute, hour, day of the month, month, day of the week'],
    ['60 * * * *', 'has "60" for the minute, which must be 0 to 59'],
    ['0 24 * * *', 'has "24" for the hour, which must be 0 to 23'],
    [
      '0 0 ? * 1',
      'has "?" for the day of the month, which must be 1 to 31, "L" for the last day, or "15W" for the working day nearest to the 15th',
    ],
    ['0 0 1 13 *', 'has "13" for the month, which must be 1 to 12, or JAN to DEC'],
    [
      '0 0 1 1 +1',
      'has "+1" for the day of the week, which must be 0 to 7 (0 and 7 are Sunday), SUN to SAT, "5#2" for the second Friday, or "5L" for the last',
    ],
    ['*/0 * * * *', 'has "*/0" for the minute, which must be 0 to 59'],
    ['2026-01-01T00:00:00', 'has 1 field; it must have five: minute, hour, day of the month, month, day of the week'],
    ['@reboot', 'has "@reboot"; there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually'],
    ['', 'has 0 fields; it must have five: minute, hour, day of the month, month, day of the week'],
  ])('%s is judged: %s', (text, fault) => {
    expect(cronFault(text)?.fault ?? null).toBe(fault);
  });

  it('reports the place of a wrong field', () => {
    expect(cronFault('0 0 1 13 *')?.offset).toBe(6);
  });

  it.each(['UTC', 'Europe/Berlin', 'europe/berlin', 'America/St_Johns'])('%s is a time zone', (name) => {
    expect(isZone(name)).toBe(true);
  });

  it.each(['Europe/Atlantis', '+01:00', '-03', '', ' UTC'])('%j is not a time zone', (name) => {
    expect(isZone(name)).toBe(false);
  });

  it('means the day of the month or the day of the week if both are given', () => {
    const from = Date.UTC(2026, 0, 1);
    expect(iso(slots('0 0 13 * 5', 'UTC', from, from + 14 * dayMs))).toEqual([
      '2026-01-02T00:00',
      '2026-01-09T00:00',
      '2026-01-13T00:00',
    ]);
  });

  it('is due after a moment, not at it', () => {
    const at = Date.UTC(2026, 0, 1, 2, 30);
    expect(nextSlot({ cron: '30 2 * * *', timezone: 'UTC' }, at)).toBe(at + dayMs);
    expect(nextSlot({ cron: '30 2 * * *', timezone: 'UTC' }, at - 1)).toBe(at);
  });
});

describe('a clock change', () => {
  it('a fixed time that is skipped comes once, at the first moment after the gap', () => {
    const night = Date.UTC(2026, 2, 28, 12);
    expect(iso(slots('10,30,50 2 * * *', 'Europe/Berlin', night, night + dayMs))).toEqual(['2026-03-29T01:00']);
  });

  it('a fixed time that occurs twice is due at the first', () => {
    const night = Date.UTC(2026, 9, 24, 12);
    expect(iso(slots('30 2 * * *', 'Europe/Berlin', night, night + dayMs))).toEqual(['2026-10-25T00:30']);
  });

  it('a schedule with a step follows real time: in both passes of a repeated hour, and never in a skipped one', () => {
    const autumn = Date.UTC(2026, 9, 24, 23, 59);
    expect(iso(slots('*/30 2 * * *', 'Europe/Berlin', autumn, autumn + 3 * hourMs))).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
    ]);
    const spring = Date.UTC(2026, 2, 28, 23, 59);
    expect(iso(slots('*/30 2 * * *', 'Europe/Berlin', spring, spring + 12 * hourMs))).toEqual([]);
  });

  it('a time in a gap that ends at midnight, as in Greenland, comes at midnight', () => {
    const evening = Date.UTC(2026, 2, 28, 12);
    expect(iso(slots('30 23 * * *', 'America/Nuuk', evening, evening + 2 * dayMs))).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });
});

interface Transition {
  readonly zone: string;
  /** The first minute with the new offset. */
  readonly atMs: number;
  readonly changeMs: number;
}

/** All clock changes of a zone in three years, found by bisection. */
function transitionsOf(zone: string): Transition[] {
  const offset = (at: number) => wallTime(zone, at) - at;
  const found: Transition[] = [];
  const end = Date.UTC(2029, 0, 1);
  for (let from = Date.UTC(2026, 0, 1); from < end; from += 5 * dayMs) {
    if (offset(from) === offset(from + 5 * dayMs)) continue;
    let [before, after] = [from, from + 5 * dayMs];
    while (after - before > minuteMs) {
      const middle = before + Math.floor((after - before) / minuteMs / 2) * minuteMs;
      if (offset(middle) === offset(from)) before = middle;
      else after = middle;
    }
    found.push({ zone, atMs: after, changeMs: offset(after) - offset(before) });
  }
  return found;
}

/** The expected times, minute by minute: the wall times of `matches` between two moments. */
function byTheRule(
  { zone, atMs, changeMs }: Transition,
  matches: (hour: number, minute: number) => boolean,
  isFixed: boolean,
  fromMs: number,
  toMs: number,
): number[] {
  const due = new Set<number>();
  const seen = new Set<number>();
  const isDue = (wall: number) => matches(Math.floor((wall % dayMs) / hourMs), Math.floor((wall % hourMs) / minuteMs));
  for (let at = fromMs - 6 * hourMs; at <= toMs; at += minuteMs) {
    const wall = wallTime(zone, at);
    if (isFixed && at === atMs && changeMs > 0) {
      for (let skipped = wall - changeMs; skipped < wall; skipped += minuteMs) if (isDue(skipped)) due.add(at);
    }
    if (isDue(wall) && !(isFixed && seen.has(wall))) due.add(at);
    seen.add(wall);
  }
  return [...due].filter((at) => at > fromMs).sort((a, b) => a - b);
}

describe('every clock change of three years', () => {
  const all = Intl.supportedValuesOf('timeZone').flatMap(transitionsOf);
  // Zones whose clocks change by the same amount at the same moment and wall time behave alike.
  const transitions = [
    ...new Map(all.map((one) => [`${one.atMs} ${one.changeMs} ${wallTime(one.zone, one.atMs) % dayMs}`, one])).values(),
  ];

  it('there are some', () => {
    expect(transitions.length).toBeGreaterThan(40);
    expect(all.some(({ zone }) => /Nuuk|Godthab/.test(zone))).toBe(true);
  });

  it.each(transitions.map((one) => [one.zone, new Date(one.atMs).toISOString(), one] as const))(
    '%s at %s follows the rule',
    (zone, _at, transition) => {
      const { atMs, changeMs } = transition;
      const [fromMs, toMs] = [atMs - 5 * hourMs, atMs + 5 * hourMs];
      const middle = wallTime(zone, atMs) - Math.abs(changeMs) / 2;
      const hour = Math.floor((middle % dayMs) / hourMs);
      const minute = Math.floor((middle % hourMs) / minuteMs);
      const rows: [string, (hour: number, minute: number) => boolean, boolean][] = [
        [`${minute} ${hour} * * *`, (h, m) => h === hour && m === minute, true],
        ['0 0 * * *', (h, m) => h === 0 && m === 0, true],
        ['15,45 0-4,22,23 * * *', (h, m) => (m === 15 || m === 45) && (h <= 4 || h >= 22), true],
        ['*/20 * * * *', (_h, m) => m % 20 === 0, false],
        ['5 * * * *', (_h, m) => m === 5, false],
        [`*/10 ${hour} * * *`, (h, m) => h === hour && m % 10 === 0, false],
      ];
      for (const [cron, matches, isFixed] of rows) {
        expect([cron, ...iso(slots(cron, zone, fromMs, toMs))]).toEqual([
          cron,
          ...iso(byTheRule(transition, matches, isFixed, fromMs, toMs)),
        ]);
      }
    },
  );
});
