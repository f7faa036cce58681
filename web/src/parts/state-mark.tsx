import type { Look } from '../run/phases.js';
import styles from './state-mark.module.css';

/**
 * A state as a shape that is distinct without its colour. The word is next to it, or is its accessible name if there is
 * no room.
 */
export function StateMark({ look, word, size = 16 }: { look: Look; word?: string | undefined; size?: number }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      className={`${styles.mark} ${styles[look]}`}
      role={word === undefined ? undefined : 'img'}
      aria-label={word}
      aria-hidden={word === undefined ? true : undefined}
    >
      {word === undefined ? null : <title>{word}</title>}
      {shapes[look]}
    </svg>
  );
}

const shapes: Readonly<Record<Look, React.ReactNode>> = {
  success: (
    <>
      <circle cx="8" cy="8" r="7" className={styles.fill} />
      <path d="M4.8 8.3 7 10.500l4.3-4.8" className={styles.glyph} />
    </>
  ),
  failure: (
    <>
      <path d="M5.1 1h5.800L15 5.100v5.800L10.9 15H5.100L1 10.900V5.100z" className={styles.fill} />
      <path d="m5.5 5.5 5 5m0-5-5 5" className={styles.glyph} />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="6" className={styles.ring} opacity="0.3" />
      <path d="M8 2a6 6 0 0 1 6 6" className={styles.ring} />
      <circle cx="8" cy="8" r="2.5" className={styles.fill} />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6.2" className={styles.thin} />
      <path d="M8 4.600V8l2.4 1.5" className={styles.thin} />
    </>
  ),
  delayed: (
    <>
      <path d="M13.2 10.800A6.1 6.1 0 1 1 13.5 5.4" className={styles.thin} />
      <path d="M14 2.400v3.200h-3.2" className={styles.thin} />
    </>
  ),
  held: (
    <>
      <circle cx="8" cy="8" r="6.2" className={styles.thin} />
      <path d="M6.300 5.500v5M9.700 5.500v5" className={styles.thin} />
    </>
  ),
  blocked: <circle cx="8" cy="8" r="6" className={styles.dashed} />,
  skipped: (
    <>
      <circle cx="8" cy="8" r="6.2" className={styles.thin} />
      <path d="m5.2 5.5 2.5 2.5-2.5 2.500m3.3-5L11 8l-2.5 2.5" className={styles.thin} />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="6.2" className={styles.thin} />
      <path d="m3.7 12.3 8.6-8.6" className={styles.thin} />
    </>
  ),
};
