import { useMemo, useState } from 'react';
import type { GetRunGraphResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { foldGraph } from '../graph/fold.js';
import { placeNodes } from '../graph/place.js';
import { formatCount, plural, visible } from '../parts/format.js';
import { Edges, moveTo, sizeOf } from '../run/graph/edges.js';
import styles from '../run/graph/graph.module.css';
import { staticRow } from '../run/job-row.js';
import own from './editor.module.css';

/** The folded graph of a definition that does not run yet. */
export function TextGraph({ graph }: { graph: GetRunGraphResponse }) {
  const jobs = useMemo(() => graph.keys.map((key, ordinal) => staticRow(graph, key, ordinal)), [graph]);
  const { folded, places, routes } = useMemo(() => {
    const folded = foldGraph(jobs);
    return { folded, ...placeNodes(folded) };
  }, [jobs]);
  const [near, setNear] = useState<number | null>(null);
  const { width, height } = sizeOf(places, routes);
  return (
    <>
      <p className={own.quiet}>
        {plural(jobs.length, 'job')}
        {folded.nodes.length === jobs.length
          ? ''
          : ` in ${plural(folded.nodes.length, 'node')}: alike ones stand together`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section className={`card ${own.graph}`} tabIndex={0} aria-label="Graph of the text, from left to right">
        <div className={styles.plane} style={{ width, height }}>
          <Edges graph={folded} routes={routes} near={near} width={width} height={height} />
          <ol>
            {folded.nodes.map((node, n) => {
              const first = jobs[node.members[0] ?? 0];
              return (
                <li
                  key={node.members[0]}
                  className={styles.place}
                  style={{ transform: moveTo(places[n]) }}
                  onMouseEnter={() => setNear(n)}
                  onMouseLeave={() => setNear(null)}
                >
                  <div className={`${styles.card} ${own.node}`} data-matrix={first?.isNode ? '' : undefined}>
                    <span className={styles.title} title={node.title}>
                      {visible(node.title, 80)}{' '}
                      {node.members.length === 1 ? null : (
                        <span className={styles.count}>{formatCount(node.members.length)}</span>
                      )}
                    </span>
                    <span className={own.labels}>{first?.labels.map((label) => visible(label, 40)).join(', ')}</span>
                  </div>
                </li>
              );
            })}
          </ol>
        </div>
      </section>
    </>
  );
}
