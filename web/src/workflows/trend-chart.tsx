import type { Bucket } from './statistics.js';
import styles from './trend-chart.module.css';

interface Line {
  readonly name: string;
  /** Null for a day without a value, which the line passes over. */
  readonly read: (day: Bucket) => number | null;
}

interface Chart {
  readonly title: string;
  readonly days: readonly Bucket[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The top of the chart; that of the largest value when absent. */
  readonly most?: number;
}

const [width, height] = [300, 90];
const days = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** Lines over days. Readers of the screen get the values of each day as a table. */
export function TrendChart({ title, days: buckets, lines, format, most }: Chart) {
  const points = lines.map(({ name, read }) => ({
    name,
    values: buckets.map(read),
  }));
  const top = most ?? Math.max(1, ...points.flatMap(({ values }) => values.filter((value) => value !== null)));
  const x = (at: number) => (buckets.length < 2 ? width / 2 : (at / (buckets.length - 1)) * width);
  const y = (value: number) => height - (value / top) * height;
  return (
    <figure className={`card ${styles.chart}`}>
      <figcaption>
        <span className={styles.title}>{title}</span>
        {points.map(({ name, values }, n) => {
          const last = values.findLast((value) => value !== null) ?? null;
          return (
            <span key={name} className={styles.key} data-line={n}>
              {name} {last === null ? '–' : format(last)}
            </span>
          );
        })}
      </figcaption>
      <svg viewBox={`-4 -4 ${width + 8} ${height + 8}`} className={styles.plot} aria-hidden="true">
        <line x1={0} x2={width} y1={height} y2={height} className={styles.axis} />
        {points.map(({ name, values }, n) => {
          const shown = values.flatMap((value, at) => (value === null ? [] : [[x(at), y(value)] as const]));
          return (
            <g key={name} data-line={n} className={styles.line}>
              <polyline points={shown.map((point) => point.join(',')).join(' ')} />
              {shown.map(([left, up]) => (
                <circle key={left} cx={left} cy={up} r={2} />
              ))}
            </g>
          );
        })}
      </svg>
      <p className={styles.scale} aria-hidden="true">
        <span>{buckets[0] === undefined ? '' : days.format(buckets[0].fromMs)}</span>
        <span>top: {format(top)}</span>
        <span>today</span>
      </p>
      <table className="hidden-text">
        <caption>{title} by day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket, at) => (
            <tr key={bucket.fromMs}>
              <th scope="row">{days.format(bucket.fromMs)}</th>
              {points.map(({ name, values }) => (
                <td key={name}>{values[at] === null || values[at] === undefined ? '–' : format(values[at])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
