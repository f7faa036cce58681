import type { BrokenFile } from '../../gen/workflowgraph/v1/types_pb.js';
import { Ago } from '../parts/duration.js';
import { plural, visible } from '../parts/format.js';
import styles from './broken-file.module.css';

const shown = 20;

/**
 * Why a workflow file could not be loaded: every problem with its place. Runs use the last version that could be
 * loaded.
 */
export function BrokenFileNote({ broken }: { broken: BrokenFile }) {
  const { file, problems, sinceMs } = broken;
  return (
    <section className={styles.broken} aria-label="Problems of the file">
      <p>
        <strong>{visible(file, 120)} could not be loaded</strong>, since <Ago ms={Number(sinceMs)} />. Until it can, the
        version before it is in use, if there is one.
      </p>
      <ul>
        {problems.slice(0, shown).map(({ message, line, column }) => (
          <li key={`${line}:${column} ${message}`}>
            {line === 0 ? null : (
              <code>
                {visible(file, 120)}:{line}:{column}
              </code>
            )}
            <span>{visible(message, 600)}</span>
          </li>
        ))}
        {problems.length > shown ? <li>and {plural(problems.length - shown, 'problem')} more</li> : null}
      </ul>
    </section>
  );
}
