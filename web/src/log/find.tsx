import { useEffect, useMemo, useRef, useState } from 'react';
import { formatCount } from '../parts/format.js';
import type { LogQuery } from './follow-log.js';
import type { LineIndex } from './line-index.js';
import styles from './log-view.module.css';
import type { LogWindow } from './log-window.js';
import { searchLines } from './read-lines.js';

const maxMatches = 10_000;
/** The server is queried after a pause in typing of this length. */
const typingMs = 250;

interface Found {
  readonly lines: readonly number[];
  readonly isOver: boolean;
}

/** Searches all lines, not only the few on the page: locally if every line is loaded, otherwise on the server. */
export function Find({
  query,
  lines,
  count,
  log,
}: {
  query: LogQuery;
  lines: LineIndex;
  count: number;
  log: React.RefObject<LogWindow | null>;
}) {
  const [text, setText] = useState('');
  const [matchCase, setMatchCase] = useState(false);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const { lines: found, isOver } = useFound(query, lines, count, text, matchCase);
  useBrowserFind(field);
  useEffect(() => log.current?.find(text, matchCase), [log, text, matchCase]);
  const isWaiting = useRef(false);
  const go = (to: number) => {
    // Pressed before the server has found anything: the page goes to the first match when it arrives.
    isWaiting.current = found.length === 0 && !isOver;
    const next = (to + found.length) % found.length;
    const line = found[next];
    if (line === undefined) return;
    setAt(next);
    log.current?.goToLine(line);
  };
  useEffect(() => {
    const [first] = found;
    if (!isWaiting.current || first === undefined) return;
    isWaiting.current = false;
    setAt(0);
    log.current?.goToLine(first);
  }, [found, log]);
  return (
    <search className={styles.find}>
      <input
        ref={field}
        type="search"
        className="field"
        placeholder="Find in the log"
        aria-label="Find in the log"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(-1);
          isWaiting.current = false;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? at - 1 : at + 1);
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <button
        type="button"
        className={styles.step}
        aria-pressed={matchCase}
        aria-label="Match case"
        title="Match case"
        onClick={() => {
          setMatchCase(!matchCase);
          setAt(-1);
        }}
      >
        Aa
      </button>
      {text === '' ? null : (
        <>
          <span className="num" role="status">
            {sentence(found.length, at, isOver)}
          </span>
          <button type="button" className={styles.step} aria-label="Previous match" onClick={() => go(at - 1)}>
            ↑
          </button>
          <button type="button" className={styles.step} aria-label="Next match" onClick={() => go(at + 1)}>
            ↓
          </button>
        </>
      )}
    </search>
  );
}

function sentence(found: number, at: number, isOver: boolean): string {
  if (found === 0) return isOver ? 'none' : 'searching…';
  const more = found === maxMatches ? '+' : isOver ? '' : '…';
  return `${Math.max(0, at) + 1} of ${formatCount(found)}${more}`;
}

function useFound(query: LogQuery, lines: LineIndex, count: number, text: string, matchCase: boolean): Found {
  const isHere = lines.isWhole;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the index is one object, and its count says that it grew
  const here = useMemo(
    () => (isHere ? { lines: lines.search(text, maxMatches, matchCase), isOver: true } : null),
    [isHere, lines, text, matchCase, count],
  );
  const [there, setThere] = useState<Found>({ lines: [], isOver: false });
  useEffect(() => {
    setThere({ lines: [], isOver: false });
    if (isHere || text === '') return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      searchLines(
        query,
        { text, matchCase, max: maxMatches },
        (found, isOver) => setThere({ lines: found, isOver }),
        stop.signal,
      ).catch(() => setThere((before) => ({ ...before, isOver: true })));
    }, typingMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [isHere, query, text, matchCase]);
  return here ?? there;
}

/**
 * Ctrl+F comes here, since the browser's own search sees only the lines on the screen; a second one opens the
 * browser's.
 */
function useBrowserFind(field: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'f' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (field.current === null || document.activeElement === field.current) return;
      event.preventDefault();
      field.current.focus();
      field.current.select();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [field]);
}
