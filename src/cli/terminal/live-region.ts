import type { Output } from './palette.js';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
/** Terminals that know it show what is between at once; others pass over it. */
const beginFrame = '\x1b[?2026h';
const endFrame = '\x1b[?2026l';
/** A line that is longer than was thought must not take two. */
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';

/**
 * The last lines of the terminal, drawn over and over. A frame writes over the one before and erases only what is left
 * of it, in one write, so that nothing flickers; what is printed above scrolls as usual.
 */
export class LiveRegion {
  readonly #output: Output;
  /** The widths of the lines on the screen. */
  #drawn: readonly number[] = [];
  #frame = '';
  readonly #restore = () => void this.#output.write(wrapOn + showCursor);

  constructor(output: Output) {
    this.#output = output;
    output.write(hideCursor);
    // However the process ends, the cursor comes back.
    process.once('exit', this.#restore);
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  get rows(): number {
    return this.#output.rows ?? 24;
  }

  /** Shows these lines in the place of the last ones; none may be wider than the terminal. */
  draw(lines: readonly Line[]): void {
    const frame = lines.map(({ text }) => `${text}${eraseToLineEnd}\n`).join('');
    if (frame === this.#frame && this.#drawn.length === lines.length) return;
    this.#output.write(`${beginFrame}${wrapOff}${this.#home()}${frame}${eraseBelow}${wrapOn}${endFrame}`);
    this.#frame = frame;
    this.#drawn = lines.map(({ width }) => width);
  }

  /** Prints lines that stay, above; the region is drawn anew by the next `draw`. */
  printAbove(text: string): void {
    this.#output.write(`${this.#home()}${eraseBelow}${text}`);
    this.#drawn = [];
    this.#frame = '';
  }

  /** Leaves the last frame on the screen and gives the terminal back. */
  end(): void {
    process.off('exit', this.#restore);
    this.#restore();
  }

  /** Moves to where the frame on the screen begins. One that was drawn wider than the terminal is now takes more rows. */
  #home(): string {
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.columns)), 0);
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}

/** A line as it is written, with colours, and how many columns it takes. */
export interface Line {
  readonly text: string;
  readonly width: number;
}
