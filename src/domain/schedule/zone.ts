/** One formatter for each time zone, by its canonical name: creating one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Whether a time zone has this name. An offset such as `+01:00` is none: it has no clock changes. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The names of time zones, for hints. */
export function zoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/** What the clocks of a zone show at a time, as the Unix milliseconds at which UTC shows the same. */
export function wallTime(zone: string, atMs: number): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = formatOf(zone)
    .format(atMs)
    .split(/[^0-9]+/)
    .filter((part) => part !== '')
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * The first moment at which the clocks of a zone show a wall time of whole minutes. A skipped time is the first moment
 * after the gap.
 */
export function firstMomentOf(zone: string, wallMs: number): number {
  const offsets = [offsetAt(zone, wallMs - dayMs), offsetAt(zone, wallMs + dayMs)];
  const moments = offsets.map((offset) => wallMs - offset).sort((a, b) => a - b);
  const [earliest = wallMs, latest = wallMs] = moments;
  const shown = moments.find((moment) => wallTime(zone, moment) === wallMs);
  return shown ?? firstAfterGap(zone, wallMs, earliest, latest);
}

/** Whether the clocks of a zone change within some hours of a time. */
export function changesNear(zone: string, atMs: number, hours: number): boolean {
  const spanMs = hours * 3_600_000;
  return offsetAt(zone, atMs - spanMs) !== offsetAt(zone, atMs + spanMs);
}

/** The first minute between two moments at which the clocks show something later than a skipped time. */
function firstAfterGap(zone: string, wallMs: number, from: number, to: number): number {
  let before = from - minuteMs;
  let after = to + minuteMs;
  while (after - before > minuteMs) {
    const middle = before + Math.floor((after - before) / minuteMs / 2) * minuteMs;
    if (wallTime(zone, middle) > wallMs) after = middle;
    else before = middle;
  }
  return after;
}

/** Offset of a zone's clocks from UTC. */
function offsetAt(zone: string, atMs: number): number {
  return wallTime(zone, atMs) - Math.floor(atMs / 1_000) * 1_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-CA-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  // Names differ in case and have aliases: only the canonical ones, a few hundred, are kept.
  if (format.resolvedOptions().timeZone === zone) formats.set(zone, format);
  return format;
}
