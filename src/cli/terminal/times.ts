/** A span of time: `0.4s`, `12.3s`, `3m05s`, `2h10m`, `4d01h`. */
export function duration(ms: number): string {
  const tenths = Math.round(Math.max(0, ms) / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(Math.max(0, ms) / 1000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** How long ago a time was, in one unit: `now`, `12s ago`, `5m ago`, `3h ago`, `9d ago`. */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.floor(Math.max(0, nowMs - atMs) / 1000);
  if (seconds < 2) return 'now';
  if (seconds < 120) return `${seconds}s ago`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** How far away a time is, in one unit: `now`, `in 12s`, `in 5m`, `in 3h`, `in 9d`. */
export function until(atMs: number, nowMs: number): string {
  const seconds = Math.ceil(Math.max(0, atMs - nowMs) / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 120) return `in ${seconds}s`;
  if (seconds < 7_200) return `in ${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `in ${Math.floor(seconds / 3_600)}h`;
  return `in ${Math.floor(seconds / 86_400)}d`;
}

/** A time on the clock of this machine, with its offset from UTC: `2026-11-30 05:41:07 +0100`. */
export function localTime(atMs: number): string {
  const at = new Date(atMs);
  const offset = -at.getTimezoneOffset();
  const local = new Date(atMs + offset * 60_000).toISOString();
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset < 0 ? '-' : '+'}${two(hours)}${two(minutes)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
