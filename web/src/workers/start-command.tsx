import { CopyButton } from '../parts/copy-button.js';
import styles from './start-command.module.css';

/** The commands that start a worker on a machine with access to this server, which serves its worker as one file. */
export function StartCommand({ labels = [] }: { labels?: readonly string[] }) {
  const address = new URL('.', document.baseURI).href;
  const wanted = labels.length === 0 ? '' : ` WORKER_LABELS=${quoted(labels.join(','))}`;
  const command = `curl -fsSLO ${address}worker.mjs\nSERVER_URL=${address.replace(/\/$/, '')}${wanted} node worker.mjs`;
  return (
    <div className={styles.command}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line scrolls by keys */}
      <pre tabIndex={0}>{command}</pre>
      <CopyButton text={command} />
    </div>
  );
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
