import { jobWords, type Look, manyJobsWords } from '../run/phases.js';
import { formatCount } from './format.js';
import styles from './state-bar.module.css';

export type Counts = Readonly<Record<Look, number>>;

const order: readonly Look[] = [
  'success',
  'skipped',
  'cancelled',
  'failure',
  'running',
  'delayed',
  'waiting',
  'held',
  'blocked',
];

/** The number of jobs in each state, as parts of one bar. Its text says the same. */
export function StateBar({ counts }: { counts: Counts }) {
  const total = order.reduce((sum, look) => sum + counts[look], 0);
  if (total === 0) return null;
  const parts = order.filter((look) => counts[look] > 0);
  const words = parts
    .map((look) => `${formatCount(counts[look])} ${(counts[look] === 1 ? jobWords : manyJobsWords)[look]}`)
    .join(', ');
  return (
    <div className={styles.bar} role="img" aria-label={words} title={words}>
      {parts.map((look) => (
        <span
          key={look}
          className={styles[look]}
          style={{ flexGrow: counts[look], minWidth: look === 'failure' ? 4 : 1 }}
        />
      ))}
    </div>
  );
}
