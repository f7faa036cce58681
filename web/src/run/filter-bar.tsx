import { formatCount } from '../parts/format.js';
import type { Counts } from '../parts/state-bar.js';
import { StateMark } from '../parts/state-mark.js';
import styles from './filter-bar.module.css';
import { jobWords, type Look, looks, manyJobsWords } from './phases.js';

/** Filters the shown jobs: by state, with counts, and by a part of their key. */
export function FilterBar({
  counts,
  state,
  q,
  onState,
  onSearch,
}: {
  counts: Counts;
  state: Look | undefined;
  q: string;
  onState: (state: Look | undefined) => void;
  onSearch: (q: string) => void;
}) {
  return (
    <search className={styles.filters}>
      <div className={styles.states}>
        {looks
          .filter((look) => counts[look] > 0 || look === state)
          .map((look) => (
            <button
              key={look}
              type="button"
              className={styles.state}
              aria-pressed={look === state}
              onClick={() => onState(look === state ? undefined : look)}
            >
              <StateMark look={look} />
              <span className="num">{formatCount(counts[look])}</span>{' '}
              {counts[look] === 1 ? jobWords[look] : manyJobsWords[look]}
            </button>
          ))}
      </div>
      <input
        type="search"
        className={`field ${styles.search}`}
        placeholder="Find a job"
        aria-label="Find jobs by a part of their key or name"
        value={q}
        onChange={({ target }) => onSearch(target.value)}
      />
    </search>
  );
}
