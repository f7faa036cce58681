import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useKeys } from '../keys/use-keys.js';
import { plural } from '../parts/format.js';
import { preferences, usePreferences } from '../parts/preferences.js';
import { Failed } from '../parts/states.js';
import { type LineRange, readLineRange, writeLineRange } from '../url/line-range.js';
import { Find } from './find.js';
import { followLog } from './follow-log.js';
import { LineIndex } from './line-index.js';
import { nextLogTime, timeWriter } from './log-time.js';
import { LogTools } from './log-tools.js';
import styles from './log-view.module.css';
import { LogWindow } from './log-window.js';
import { LineReader, readFirstLines } from './read-lines.js';

export interface LogViewProps {
  readonly runId: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly attemptStartedMs: number;
  /** Whether the reader starts at the end: for a running attempt, and for a failed one. */
  readonly startsAtEnd: boolean;
  /** Whether it is still being written. */
  readonly isLive: boolean;
}

/** An attempt's log, of any length: visible lines are loaded, and new ones are followed. */
export function LogView({ runId, jobId, attempt, attemptStartedMs, startsAtEnd, isLive }: LogViewProps) {
  const scroller = useRef<HTMLElement>(null);
  const log = useRef<LogWindow | null>(null);
  const { wrap, logTime } = usePreferences();
  const { hash } = useLocation();
  const navigate = useNavigate();
  const range = useMemo(() => readLineRange(hash), [hash]);
  const query = useMemo(() => ({ runId, jobId, attempt }), [runId, jobId, attempt]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt has its own lines
  const lines = useMemo(() => new LineIndex(), [query]);
  // The initial value: an attempt that ends while it is read does not restart the view.
  const [beginsAtEnd] = useState(startsAtEnd);
  const [follow, setFollow] = useState({ following: beginsAtEnd, newLines: 0 });
  const [state, setState] = useState<{ kind: 'reading' | 'over' } | { kind: 'failed'; error: unknown }>({
    kind: 'reading',
  });
  const [count, setCount] = useState(0);
  const pick = (picked: LineRange) =>
    navigate({
      to: '.',
      search: true,
      hash: writeLineRange(picked),
      replace: true,
      hashScrollIntoView: false,
      resetScroll: false,
    });
  const latest = useRef({ range, pick });
  latest.current = { range, pick };

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const wanted = latest.current.range;
    const stop = new AbortController();
    const reader = new LineReader(query, lines, () => made.filled(), stop.signal);
    const made = new LogWindow(
      element,
      {
        lines,
        onFollow: (following, newLines) =>
          setFollow((before) =>
            before.following === following && before.newLines === newLines ? before : { following, newLines },
          ),
        onPickLine: (line, extend) => {
          const held = latest.current.range;
          const extended = extend && held !== null;
          latest.current.pick({
            first: extended ? Math.min(held.first, line) : line,
            last: extended ? Math.max(held.last, line) : line,
          });
        },
        onShow: (first, last) => reader.look(first, last),
      },
      beginsAtEnd && wanted === null,
    );
    log.current = made;
    made.mark(wanted);
    const onGrowth = () => {
      made.grew();
      setCount(lines.count);
    };
    const read = async () => {
      const at = wanted !== null ? { line: wanted.first } : beginsAtEnd ? 'end' : 'start';
      const position = await readFirstLines(query, lines, at, stop.signal);
      onGrowth();
      // A linked line is scrolled to once.
      if (wanted !== null) made.goToLine(wanted.first);
      await followLog(query, lines, position, onGrowth, stop.signal);
    };
    read().then(
      () => setState({ kind: 'over' }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState({ kind: 'failed', error });
      },
    );
    return () => {
      stop.abort();
      made.end();
      log.current = null;
    };
  }, [query, lines, beginsAtEnd]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new window, created for new lines, gets it too
  useEffect(() => {
    if (log.current === null) return;
    log.current.wrap = wrap;
    log.current.timeOf = timeWriter(logTime, attemptStartedMs);
  }, [wrap, logTime, attemptStartedMs, lines]);
  useEffect(() => log.current?.mark(range), [range]);
  useKeys({
    End: () => log.current?.goToEnd(),
    Home: () => log.current?.goToStart(),
    w: () => preferences.set({ wrap: !wrap }),
    t: () => preferences.set({ logTime: nextLogTime(logTime) }),
  });

  return (
    <section className={`card ${styles.log}`} aria-label="Log">
      <div className={styles.tools}>
        <Find query={query} lines={lines} count={count} log={log} />
        <LogTools
          query={query}
          isEmpty={count === 0}
          onLine={(line) => {
            pick({ first: line, last: line });
            log.current?.goToLine(line);
          }}
        />
        <span className={styles.state} data-testid="log-state">
          {plural(count, 'line')}
          {!isLive ? '' : follow.following ? ' · following' : ' · not following'}
        </span>
      </div>
      {state.kind === 'failed' ? <Failed error={state.error} /> : null}
      {state.kind === 'over' && count === 0 ? <p className={styles.empty}>This attempt wrote nothing.</p> : null}
      {state.kind === 'reading' && count === 0 ? <p className={styles.empty}>No line yet.</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section ref={scroller} className={styles.scroller} tabIndex={0} aria-label="Lines" />
      {!isLive || follow.following || follow.newLines === 0 ? null : (
        <button type="button" className={styles.newLines} onClick={() => log.current?.goToEnd()}>
          ↓ {plural(follow.newLines, 'new line')}
        </button>
      )}
    </section>
  );
}
