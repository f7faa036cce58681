import { Fragment, useMemo } from 'react';
import { formatCount, plural, visible } from '../parts/format.js';
import { Empty } from '../parts/states.js';
import styles from './definition.module.css';
import { type DiffLine, diffParts } from './diff-lines.js';

const linesMax = 600;
const marks = { added: '+', removed: '−', same: '' } as const;
const words = { added: 'added', removed: 'removed', same: '' } as const;

/** The difference between two texts: what was removed and what was added, each with its mark and its number. */
export function DiffView({ before, after, caption }: { before: string; after: string; caption: string }) {
  const parts = useMemo(() => diffParts(before, after), [before, after]);
  if (parts === null) {
    return (
      <Empty title="The texts differ too much to be compared here">
        <p>Compare them on the command line: npx workflow-graph workflows diff</p>
      </Empty>
    );
  }
  if (parts.length === 0) return <Empty title="The two versions have the same text" />;
  const all = parts.flatMap(({ lines }) => lines);
  const count = (kind: DiffLine['kind']) => all.filter((line) => line.kind === kind).length;
  let left = linesMax;
  const shown = parts.map(({ lines }) => {
    const some = lines.slice(0, left);
    left -= some.length;
    return some;
  });
  return (
    <>
      <p className={styles.facts}>
        {plural(count('added'), 'line')} added, {plural(count('removed'), 'line')} removed
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section className={`card ${styles.scroll}`} aria-label={caption} tabIndex={0}>
        <table className={styles.diff}>
          <caption className="hidden-text">{caption}</caption>
          <thead className="hidden-text">
            <tr>
              <th scope="col">Line before</th>
              <th scope="col">Line after</th>
              <th scope="col">Change</th>
              <th scope="col">Text</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((lines, part) => (
              <Fragment key={`${lines[0]?.before ?? 0}:${lines[0]?.after ?? 0}`}>
                {part > 0 && lines.length > 0 ? (
                  <tr className={styles.gap}>
                    <td colSpan={4}>unchanged lines</td>
                  </tr>
                ) : null}
                {lines.map((line) => (
                  <Line key={`${line.before}:${line.after}`} line={line} />
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </section>
      {all.length > linesMax ? (
        <p className={styles.quiet}>and {formatCount(all.length - linesMax)} more lines</p>
      ) : null}
    </>
  );
}

function Line({ line: { kind, before, after, text } }: { line: DiffLine }) {
  return (
    <tr data-kind={kind}>
      <td className={styles.number}>{before ?? ''}</td>
      <td className={styles.number}>{after ?? ''}</td>
      <td className={styles.mark}>
        <span aria-hidden="true">{marks[kind]}</span>
        <span className="hidden-text">{words[kind]}</span>
      </td>
      <td className={styles.line}>{visible(text, 2_000)}</td>
    </tr>
  );
}
