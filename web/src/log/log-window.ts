import { visible } from '../parts/format.js';
import type { LineRange } from '../url/line-range.js';
import { ansiSpans, maxShown, type Span } from './ansi.js';
import { type FollowEvent, follows } from './follow.js';
import { type LineIndex, withoutEscapes } from './line-index.js';
import styles from './log-window.module.css';
import { RowIndex } from './rows.js';

/** Below the maximum scroll height of every browser; longer logs scale the scroll bar. */
const maxHeight = 8_000_000;
const overscan = 8;

export interface LogWindowOptions {
  readonly lines: LineIndex;
  /** Whether it follows the end, and how many lines arrived since it stopped following. */
  readonly onFollow: (following: boolean, newLines: number) => void;
  readonly onPickLine: (line: number, extend: boolean) => void;
  /** Reports the lines on the screen. */
  readonly onShow: (first: number, last: number) => void;
}

/**
 * The visible rows of a log, over an index of lines of any length. It creates a few dozen elements once and writes into
 * them; no view library runs while the log grows or scrolls.
 */
export class LogWindow {
  readonly #options: LogWindowOptions;
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #content: HTMLElement;
  readonly #rows = new RowIndex();
  readonly #resize: ResizeObserver;
  #following: boolean;
  #seen = 0;
  #wrap = false;
  #marked: LineRange | null = null;
  #found = '';
  #matchCase = false;
  #timeOf: ((atMs: number) => string) | null = null;
  #rowHeight = 18;
  #characterWidth = 7.5;
  #frame = 0;
  #lastTop = 0;
  #ownScroll = -1;

  constructor(scroller: HTMLElement, options: LogWindowOptions, following: boolean) {
    this.#scroller = scroller;
    this.#options = options;
    this.#following = following;
    this.#spacer = element('div', styles.spacer);
    this.#content = element('div', styles.content);
    this.#spacer.append(this.#content);
    scroller.replaceChildren(this.#spacer);
    this.#measure();
    this.#resize = new ResizeObserver(() => this.#layout());
    this.#resize.observe(scroller);
    scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    scroller.addEventListener('click', this.#onClick);
    document.addEventListener('selectionchange', this.#onSelection);
    this.#layout();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#scroller.removeEventListener('scroll', this.#onScroll);
    this.#scroller.removeEventListener('click', this.#onClick);
    document.removeEventListener('selectionchange', this.#onSelection);
    this.#scroller.replaceChildren();
  }

  /** Lines were appended. */
  grew(): void {
    this.#rows.extend(this.#options.lines.count, this.#lengthOf);
    this.#feel({ type: 'grew' });
    this.#draw();
  }

  /** Missing lines were loaded. */
  filled(): void {
    if (this.#wrap) {
      const top = this.#rows.at(this.#topRow());
      this.#layout();
      if (!this.#following) this.#scrollToRow(this.#rows.rowOf(top.line) + top.part);
    }
    this.#draw();
  }

  /** Shows a time before each line, or none. */
  set timeOf(timeOf: ((atMs: number) => string) | null) {
    this.#timeOf = timeOf;
    this.#content.classList.toggle(styles.timed ?? '', timeOf !== null);
    this.#layout();
  }

  set wrap(wrap: boolean) {
    if (wrap === this.#wrap) return;
    const { line } = this.#rows.at(this.#topRow());
    this.#wrap = wrap;
    this.#layout();
    if (!this.#following) this.#scrollToRow(this.#rows.rowOf(line));
  }

  mark(range: LineRange | null): void {
    this.#marked = range;
    this.#draw();
  }

  /** Highlights a text wherever it is on the screen. */
  find(text: string, matchCase: boolean): void {
    this.#found = matchCase ? text : text.toLowerCase();
    this.#matchCase = matchCase;
    this.#draw();
  }

  goToLine(line: number): void {
    this.#feel({ type: 'went-to-line' });
    const middle = Math.floor(this.#visibleRows() / 3);
    this.#scrollToRow(Math.max(0, this.#rows.rowOf(line) - middle));
    this.#draw();
  }

  goToEnd(): void {
    this.#feel({ type: 'asked-for-end' });
    this.#draw();
  }

  goToStart(): void {
    this.#feel({ type: 'moved', direction: 'up', atEnd: false });
    this.#scrollToRow(0);
    this.#draw();
  }

  readonly #lengthOf = (line: number): number => shownLength(this.#options.lines.line(line)?.text ?? '');

  readonly #onScroll = (): void => {
    const { scrollTop } = this.#scroller;
    // A scroll caused by the window itself is not a gesture.
    const isOwn = Math.abs(scrollTop - this.#ownScroll) < 2;
    if (!isOwn && scrollTop !== this.#lastTop) {
      const direction = scrollTop < this.#lastTop ? 'up' : 'down';
      this.#feel({ type: 'moved', direction, atEnd: this.#isAtEnd() });
    }
    this.#lastTop = scrollTop;
    this.#draw();
  };

  readonly #onClick = (event: MouseEvent): void => {
    const { target } = event;
    const link = target instanceof Element ? target.closest<HTMLElement>('[data-line]') : null;
    if (link === null || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#options.onPickLine(Number(link.dataset.line), event.shiftKey);
  };

  readonly #onSelection = (): void => {
    const selection = document.getSelection();
    if (selection === null || selection.isCollapsed || !this.#following) return;
    if (this.#content.contains(selection.anchorNode)) this.#feel({ type: 'selected' });
  };

  #feel(event: FollowEvent): void {
    const following = follows(this.#following, event);
    const { count } = this.#options.lines;
    if (following || this.#following) this.#seen = count;
    this.#following = following;
    this.#options.onFollow(following, count - this.#seen);
  }

  #measure(): void {
    const probe = element('span', styles.probe);
    probe.textContent = '0'.repeat(100);
    this.#content.append(probe);
    this.#characterWidth = probe.getBoundingClientRect().width / 100 || 7.5;
    this.#rowHeight = probe.getBoundingClientRect().height || 18;
    probe.remove();
  }

  #layout(): void {
    const gutter = (this.#timeOf === null ? 8 : 22) * this.#characterWidth + 28;
    const columns = Math.max(20, Math.floor((this.#scroller.clientWidth - gutter) / this.#characterWidth));
    this.#rows.rebuild(this.#wrap ? columns : 0, this.#options.lines.count, this.#lengthOf);
    this.#columns = columns;
    this.#draw();
  }

  #columns = 80;

  #visibleRows(): number {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.#rowHeight));
  }

  #height(): number {
    return Math.min(maxHeight, this.#rows.rows * this.#rowHeight);
  }

  #topRow(): number {
    const scrollable = this.#height() - this.#scroller.clientHeight;
    if (scrollable <= 0) return 0;
    const last = this.#rows.rows - this.#scroller.clientHeight / this.#rowHeight;
    return Math.max(0, Math.min(last, (this.#scroller.scrollTop / scrollable) * last));
  }

  #isAtEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    return scrollTop + clientHeight >= scrollHeight - this.#rowHeight;
  }

  #scrollToRow(row: number): void {
    this.#spacer.style.height = `${this.#height()}px`;
    const last = this.#rows.rows - this.#scroller.clientHeight / this.#rowHeight;
    const scrollable = this.#height() - this.#scroller.clientHeight;
    this.#setScroll(last <= 0 ? 0 : (Math.min(row, last) / last) * scrollable);
  }

  #setScroll(top: number): void {
    this.#scroller.scrollTop = top;
    this.#lastTop = this.#scroller.scrollTop;
    this.#ownScroll = this.#scroller.scrollTop;
  }

  /** At most once for each frame. */
  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    this.#spacer.style.height = `${this.#height()}px`;
    if (this.#following) this.#setScroll(this.#scroller.scrollHeight);
    const top = this.#topRow();
    const first = Math.max(0, Math.floor(top) - overscan);
    const end = Math.min(this.#rows.rows, Math.ceil(top) + this.#visibleRows() + overscan);
    this.#content.style.transform = `translateY(${this.#scroller.scrollTop + (first - top) * this.#rowHeight}px)`;
    const existing = this.#content.children;
    for (let row = first; row < end; row++) {
      const at = row - first;
      const held = existing[at] as HTMLElement | undefined;
      const into = held ?? this.#content.appendChild(newRow());
      this.#write(into, row);
    }
    while (existing.length > end - first) existing[existing.length - 1]?.remove();
    if (end > first) this.#options.onShow(this.#rows.at(first).line, this.#rows.at(end - 1).line);
  }

  #write(into: HTMLElement, row: number): void {
    const { line, part } = this.#rows.at(row);
    const held = this.#options.lines.line(line);
    const { first = 0, last = -1 } = this.#marked ?? {};
    const isMarked = line >= first && line <= last;
    const time = held === undefined || part > 0 ? '' : (this.#timeOf?.(held.atMs) ?? '');
    const key = `${line}.${part}.${held?.text.length}.${isMarked}.${this.#matchCase}${this.#found}.${this.#wrap ? this.#columns : 0}.${time}`;
    if (into.dataset.key === key) return;
    into.dataset.key = key;
    const names = [styles.row, isMarked ? styles.marked : '', held === undefined ? '' : styles[held.source]];
    if (held?.text.startsWith('::step ') === true) names.push(styles.step);
    into.className = names.join(' ');
    const [number, clock, text] = [...into.children] as [HTMLAnchorElement, HTMLElement, HTMLElement];
    clock.textContent = time;
    number.textContent = part === 0 ? String(line) : '';
    number.dataset.line = String(line);
    number.href = `${location.pathname}${location.search}#L${line}`;
    const spans = held === undefined ? [] : ansiSpans(held.text, held.style);
    const shown = this.#wrap ? slice(spans, part * this.#columns, (part + 1) * this.#columns) : spans;
    text.replaceChildren(...shown.flatMap((span) => spanElements(span, this.#found, this.#matchCase)));
  }
}

function shownLength(text: string): number {
  const cut = text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
  return cut.includes('\u001b') || cut.includes('\r') ? withoutEscapes(cut).length : cut.length;
}

function newRow(): HTMLElement {
  const row = element('div', styles.row);
  const number = element('a', styles.number);
  // Keyboard users reach a line by the line field; hundreds of links would be in the way.
  number.tabIndex = -1;
  row.append(number, element('span', styles.time), element('span', styles.text));
  return row;
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string | undefined,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className ?? '';
  return made;
}

/** The part of a line between two columns. */
function slice(spans: readonly Span[], from: number, to: number): Span[] {
  const part: Span[] = [];
  let at = 0;
  for (const span of spans) {
    const text = span.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== '') part.push({ ...span, text });
    at += span.text.length;
  }
  return part;
}

function spanElements(span: Span, found: string, matchCase: boolean): HTMLElement[] {
  const text = visible(span.text, 20_000);
  const at = found === '' ? -1 : (matchCase ? text : text.toLowerCase()).indexOf(found);
  if (at === -1) return [styled(span, text, '')];
  return [
    styled(span, text.slice(0, at), ''),
    styled(span, text.slice(at, at + found.length), styles.found ?? ''),
    styled(span, text.slice(at + found.length), ''),
  ].filter(({ textContent }) => textContent !== '');
}

function styled(span: Span, text: string, extra: string): HTMLElement {
  const names = [extra];
  if (span.bold) names.push(styles.bold ?? '');
  if (span.dim) names.push(styles.dim ?? '');
  if (span.italic) names.push(styles.italic ?? '');
  if (span.underline) names.push(styles.underline ?? '');
  const made = element('span', names.filter((name) => name !== '').join(' '));
  made.textContent = text;
  // Through the style object, which the page's policy allows, unlike an attribute in HTML.
  if (span.color !== null) made.style.color = paint(span.color);
  if (span.background !== null) made.style.backgroundColor = paint(span.background);
  return made;
}

/**
 * The theme's own colour for the sixteen names; a palette number or a true colour is mixed with the text's for
 * contrast.
 */
function paint(color: string): string {
  if (/^ansi-(bright-)?[a-z]+$/.test(color)) return `var(--${color})`;
  const palette = /^ansi-palette-(\d+)$/.exec(color);
  const rgb = palette === null ? color : paletteColor(Number(palette[1]));
  return `color-mix(in oklab, rgb(${rgb}) 65%, var(--text))`;
}

function paletteColor(n: number): string {
  if (n >= 232)
    return Array(3)
      .fill(8 + (n - 232) * 10)
      .join(', ');
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const at = n - 16;
  return [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(level).join(', ');
}
