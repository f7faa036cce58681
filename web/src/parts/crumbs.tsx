import { Children } from 'react';
import styles from './crumbs.module.css';

/** Where this page is below others. */
export function Crumbs({ children }: { children: React.ReactNode }) {
  return (
    <nav aria-label="Above this page">
      <ol className={styles.crumbs}>
        {Children.map(children, (child) => (
          <li>{child}</li>
        ))}
      </ol>
    </nav>
  );
}
