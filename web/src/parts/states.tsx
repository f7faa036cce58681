import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { describeFailure, isSignedOut } from '../api/errors.js';
import styles from './states.module.css';

const widths = [88, 51, 73, 64, 82, 46, 69, 58, 77, 54, 85, 61];

/** Placeholder rows while data loads; only after a moment, since most responses are faster. */
export function Skeleton({ rows = 6, label }: { rows?: number; label: string }) {
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" className={styles.skeleton}>
      <span className="hidden-text">{label}</span>
      {isShown ? widths.slice(0, rows).map((width) => <span key={width} style={{ width: `${width}%` }} />) : null}
    </div>
  );
}

/** A failure with the server's sentence and a remedy. The rest of the page stays. */
export function Failed({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const failure = describeFailure(error);
  return (
    <div className={styles.failed} role="alert">
      <h2>{failure.title}</h2>
      <p>{failure.sentence}</p>
      {failure.wayOut === '' ? null : <p className={styles.quiet}>{failure.wayOut}</p>}
      <div className={styles.actions}>
        {isSignedOut(error) ? (
          <Link to="/sign-in" search={{}} className="button primary">
            Sign in
          </Link>
        ) : null}
        {retry === undefined ? null : (
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        )}
        <span className={styles.quiet}>{failure.code}</span>
      </div>
    </div>
  );
}

/** An empty list, and how to fill it. */
export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}
