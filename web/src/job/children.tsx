import { useState } from 'react';
import { plural } from '../parts/format.js';
import { StateBar } from '../parts/state-bar.js';
import { Failed, Skeleton } from '../parts/states.js';
import { FilterBar } from '../run/filter-bar.js';
import type { JobRow } from '../run/job-row.js';
import { JobList } from '../run/list/job-list.js';
import type { Look } from '../run/phases.js';
import { countLooks, type RunStore } from '../run/run-store.js';
import { useChildren, useRunStore, useSnapshot } from '../run/use-run.js';
import styles from './children.module.css';

/** The children of a job with a matrix, instead of a log: the job itself has none. */
export function Children({ runId, node }: { runId: string; node: string }) {
  const query = useRunStore(runId);
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (query.data === undefined) return <Skeleton rows={4} label="Loading its children" />;
  return <ShownChildren store={query.data.store} node={node} />;
}

function ShownChildren({ store, node }: { store: RunStore; node: string }) {
  const snapshot = useSnapshot(store);
  const [nodes] = useState(() => [node]);
  useChildren(store, nodes, snapshot);
  const [state, setState] = useState<Look | undefined>(undefined);
  const [q, setQ] = useState('');
  const children = snapshot.children.get(node);
  const of = snapshot.jobs.find(({ id }) => id === node);
  if (of?.children === null) return <p className={styles.none}>Its children are made when its needs have ended.</p>;
  if (children === undefined) return <Skeleton rows={4} label="Loading its children" />;
  const counts = countLooks(children);
  return (
    <section className={styles.whole} aria-label="Children">
      <header className={styles.head}>
        <h2>{plural(children.length, 'child', 'children')}</h2>
        <FilterBar counts={counts} state={state} q={q} onState={setState} onSearch={setQ} />
      </header>
      <StateBar counts={counts} />
      <JobList runId={store.runId} jobs={state === undefined ? failedFirst(children) : children} state={state} q={q} />
    </section>
  );
}

/** Failed ones come first: they are what the reader looks for. */
function failedFirst(children: readonly JobRow[]): readonly JobRow[] {
  const failed = children.filter(({ look, isTolerated }) => look === 'failure' && !isTolerated);
  return failed.length === 0 ? children : [...failed, ...children.filter((child) => !failed.includes(child))];
}
