import { Children } from 'react';
import styles from './crumbs.module.css';

/** The position of this page in the hierarchy. */
export function Crumbs({ children }: { children: React.ReactNode }) {
  return (
    <nav aria-label="Above this page">
      <ol className={styles.crumbs}>
        {Children.toArray(children).map((child, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a crumb is its place
          <li key={at}>{child}</li>
        ))}
      </ol>
    </nav>
  );
}
