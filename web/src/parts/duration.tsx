import { useNow } from './clock.js';
import { formatAgo, formatDuration, formatExact } from './format.js';

/** The time from a start to its end, or to now, which ticks. */
export function Elapsed({ fromMs, toMs }: { fromMs: number; toMs: number | null }) {
  const now = useNow(toMs === null);
  return <span className="num">{formatDuration((toMs ?? now) - fromMs)}</span>;
}

/** How long ago, with the exact time as a tooltip. */
export function Ago({ ms }: { ms: number }) {
  const now = useNow(true);
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatExact(ms)}>
      {formatAgo(ms, now)}
    </time>
  );
}
