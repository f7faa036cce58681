import { plural, visible } from '../parts/format.js';
import type { Mark } from './code-editor.js';
import styles from './editor.module.css';

const shown = 50;

/** The mistakes and warnings of the text; each leads to its place. */
export function Problems({ marks, onGo }: { marks: readonly Mark[]; onGo: (mark: Mark) => void }) {
  if (marks.length === 0) return null;
  return (
    <ul className={styles.problems} aria-label="Problems of the text">
      {marks.slice(0, shown).map((mark) => (
        <li key={`${mark.line}:${mark.column} ${mark.message}`} data-severity={mark.severity}>
          <span className={styles.kind}>{mark.severity}</span>
          {mark.line === 0 ? null : (
            <button type="button" className={styles.go} onClick={() => onGo(mark)}>
              line {mark.line}, column {mark.column}
            </button>
          )}
          <span>{visible(mark.message, 600)}</span>
        </li>
      ))}
      {marks.length > shown ? <li>and {plural(marks.length - shown, 'problem')} more</li> : null}
    </ul>
  );
}
