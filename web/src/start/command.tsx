import { CopyButton } from '../parts/copy-button.js';
import { commandLine } from './fields.js';
import styles from './start-form.module.css';

/** The same from a shell. */
export function Command({ workflow, inputs }: { workflow: string; inputs: Readonly<Record<string, string>> }) {
  const line = commandLine(workflow, inputs);
  return (
    <details className={styles.command}>
      <summary>From the command line</summary>
      <div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line scrolls by keys */}
        <pre tabIndex={0}>{line}</pre>
        <CopyButton text={line} />
      </div>
    </details>
  );
}
