import { useEffect, useMemo, useRef, useState } from 'react';
import { describeFailure } from '../api/errors.js';
import { formatCount } from '../parts/format.js';
import type { LogQuery } from './follow-log.js';
import type { LineIndex } from './line-index.js';
import styles from './log-view.module.css';
import type { LogWindow } from './log-window.js';
import { type LogSearch, searchLines } from './read-lines.js';

const maxMatches = 10_000;
/** The server is queried after a pause in typing of this length. */
const typingMs = 250;

interface Found {
  readonly lines: readonly number[];
  readonly isOver: boolean;
  /** Why the server refused the search. */
  readonly refusal?: string;
}

/**
 * Searches all lines, not only the few on the page: locally if every line is loaded, otherwise on the server. The server
 * searches for regular expressions, because those of the browser may take for ever.
 */
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
  const [isRegex, setIsRegex] = useState(false);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const search = useMemo(() => ({ text, matchCase, isRegex }), [text, matchCase, isRegex]);
  const { lines: found, isOver, refusal } = useFound(query, lines, count, search);
  useBrowserFind(field);
  // The text of a regular expression is not what stands in the lines.
  useEffect(() => log.current?.find(isRegex ? '' : text, matchCase), [log, text, matchCase, isRegex]);
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
      <button
        type="button"
        className={styles.step}
        aria-pressed={isRegex}
        aria-label="Regular expression"
        title="Regular expression (RE2)"
        onClick={() => {
          setIsRegex(!isRegex);
          setAt(-1);
        }}
      >
        .*
      </button>
      {refusal === undefined ? null : (
        <span className={styles.refusal} role="alert">
          {refusal}
        </span>
      )}
      {text === '' || refusal !== undefined ? null : (
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

function useFound(query: LogQuery, lines: LineIndex, count: number, search: LogSearch): Found {
  const { text, matchCase, isRegex } = search;
  const isHere = lines.isWhole && !isRegex;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the index is one object, and its count says that it grew
  const here = useMemo(
    () => (isHere ? { lines: lines.search(text, maxMatches, matchCase), isOver: true } : null),
    [isHere, lines, text, matchCase, count],
  );
  const [there, setThere] = useState<Found>({ lines: [], isOver: false });
  useEffect(() => {
    setThere({ lines: [], isOver: false });
    if (isHere || search.text === '') return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      searchLines(
        query,
        { ...search, max: maxMatches },
        (found, isOver) => setThere({ lines: found, isOver }),
        stop.signal,
      ).catch((error: unknown) => {
        if (stop.signal.aborted) return;
        const refusal = search.isRegex ? { refusal: describeFailure(error).sentence } : {};
        setThere((before) => ({ ...before, ...refusal, isOver: true }));
      });
    }, typingMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [isHere, query, search]);
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
