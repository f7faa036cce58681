import styles from './slots.module.css';

/** The slots of a worker in use, as a bar with numbers. */
export function Slots({ running, slots }: { running: number; slots: number }) {
  const share = slots === 0 ? 0 : Math.min(1, running / slots);
  return (
    <span className={styles.slots}>
      <span className={styles.bar} aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className={`num ${styles.words}`}>
        {running}/{slots} <span className="hidden-text">slots taken</span>
      </span>
    </span>
  );
}
