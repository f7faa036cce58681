/** `840 ms`, `41 s`, `3 m 12 s`, `2 h 4 m`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'm');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joined(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** `just now`, `41 s ago`, `3 min ago`, `2 h ago`, then the date. */
export function formatAgo(ms: number, now: number): string {
  const seconds = Math.floor((now - ms) / 1_000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  if (seconds < 14 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  return new Date(ms).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** The exact time with its zone, for tooltips. */
export function formatExact(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}

const counts = new Intl.NumberFormat('en');

export function formatCount(n: number): string {
  return counts.format(n);
}

const plurals = new Intl.PluralRules('en');

/** `1 job`, `4,800 jobs`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${plurals.select(n) === 'one' ? one : many}`;
}

/** The part of a run's id that people need: its first 13 characters are its time in milliseconds. */
export function shortId(runId: string): string {
  return runId.slice(0, 13);
}

/** Characters that reorder or hide text, and control characters, are shown as visible symbols. */
export function visible(text: string, max = 2_000): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (mark) => `<U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}>`,
  );
}
