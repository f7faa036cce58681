import { basePath } from '../api/transport.js';
import { preferences, usePreferences } from '../parts/preferences.js';
import type { LogQuery } from './follow-log.js';
import { logTimes } from './log-time.js';
import styles from './log-view.module.css';

/** The tools of a log: go to a line, wrap, show times, download. */
export function LogTools({
  query,
  isEmpty,
  onLine,
}: {
  query: LogQuery;
  isEmpty: boolean;
  onLine: (line: number) => void;
}) {
  const { wrap, logTime } = usePreferences();
  return (
    <>
      <form
        className={styles.line}
        onSubmit={(event) => {
          event.preventDefault();
          const line = Number(new FormData(event.currentTarget).get('line'));
          if (Number.isInteger(line) && line > 0) onLine(line);
        }}
      >
        <input name="line" className="field" inputMode="numeric" placeholder="Line" aria-label="Go to a line" />
      </form>
      <label className={styles.check}>
        <input type="checkbox" checked={wrap} onChange={({ target }) => preferences.set({ wrap: target.checked })} />
        Wrap
      </label>
      <select
        className="field"
        aria-label="Times"
        title="The times are those of the worker's clock"
        value={logTime}
        onChange={({ target }) => preferences.set({ logTime: target.value as typeof logTime })}
      >
        {Object.entries(logTimes).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
      {isEmpty ? null : (
        <a className="button" href={downloadAddress(query, logTime !== 'off')} download>
          Download
        </a>
      )}
    </>
  );
}

function downloadAddress({ runId, jobId, attempt }: LogQuery, stamped: boolean): string {
  const path = `${basePath}api/runs/${encodeURIComponent(runId)}/jobs/${encodeURIComponent(jobId)}/log`;
  return `${path}?attempt=${attempt}${stamped ? '&timestamps=true' : ''}`;
}
