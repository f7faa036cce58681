import { formatCount, visible } from '../parts/format.js';
import styles from './definition.module.css';

/** So many lines are drawn; a download has the rest. */
const linesMax = 20_000;
const charsMax = 2_000_000;

/** A text with the numbers of its lines, which a selection leaves out. */
export function TextView({ text, label }: { text: string; label: string }) {
  const lines = text.slice(0, charsMax).replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const shown = lines.slice(0, linesMax);
  const isCut = shown.length < lines.length || text.length > charsMax;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section className={`card ${styles.text}`} aria-label={label} tabIndex={0}>
        <pre className={styles.numbers} aria-hidden="true">
          {shown.map((_, at) => at + 1).join('\n')}
        </pre>
        <pre className={styles.code}>{visible(shown.join('\n'), charsMax)}</pre>
      </section>
      {isCut ? (
        <p className={styles.quiet}>The first {formatCount(shown.length)} lines. Download the text to read the rest.</p>
      ) : null}
    </>
  );
}
