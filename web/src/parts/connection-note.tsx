import { useEffect, useState } from 'react';
import { live, useConnection } from '../live/client.js';
import styles from './connection-note.module.css';
import { formatDuration } from './format.js';

/** Whether updates arrive. A break is shown after two seconds, since most are over by then. */
export function ConnectionNote() {
  const connection = useConnection();
  const [now, setNow] = useState(Date.now());
  const isLost = connection.kind === 'lost';
  useEffect(() => {
    if (!isLost) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isLost]);
  const lostMs = isLost ? Math.max(0, now - connection.sinceMs) : 0;
  const isShown = isLost && lostMs >= 2_000;
  return (
    <span className={styles.note} role="status">
      <span className={isShown || connection.kind === 'signed-out' ? styles.lost : styles.live} aria-hidden="true" />
      {isShown ? (
        <>
          <span>Connection lost {formatDuration(Math.floor(lostMs / 1_000) * 1_000)} ago, trying</span>
          {lostMs > 10_000 ? (
            <button type="button" className="button" onClick={() => live.retry()}>
              Try now
            </button>
          ) : null}
        </>
      ) : (
        <span className={styles.word}>{connection.kind === 'signed-out' ? 'signed out' : 'live'}</span>
      )}
    </span>
  );
}
