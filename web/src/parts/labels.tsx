import { visible } from './format.js';
import styles from './labels.module.css';

/** The labels of a worker or a job. */
export function Labels({ labels, none = '' }: { labels: readonly string[]; none?: string }) {
  if (labels.length === 0) return none === '' ? null : <span className={styles.none}>{none}</span>;
  return (
    <span className={styles.labels}>
      {labels.slice(0, 12).map((label) => (
        <span key={label} className={styles.label}>
          {visible(label, 60)}
        </span>
      ))}
      {labels.length > 12 ? <span className={styles.none}>and {labels.length - 12} more</span> : null}
    </span>
  );
}
