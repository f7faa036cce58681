import { printText } from '../print.js';
import type { Output } from './palette.js';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
/** Terminals that support it show everything in between at once; others ignore it. */
const beginFrame = '\x1b[?2026h';
const endFrame = '\x1b[?2026l';
/** A line that is wider than computed must not take two. */
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';

/**
 * The last lines of the terminal, drawn again and again. A frame overwrites the previous one and erases only its
 * remainder, in one write, so that nothing flickers; text printed above scrolls as usual.
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
    // Shows the cursor again, however the process ends.
    process.once('exit', this.#restore);
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  get rows(): number {
    return this.#output.rows ?? 24;
  }

  /** Shows these lines in place of the last ones; none may be wider than the terminal. */
  draw(lines: readonly Line[]): void {
    const frame = lines.map(({ text }) => `${text}${eraseToLineEnd}\n`).join('');
    if (frame === this.#frame && this.#drawn.length === lines.length) return;
    this.#output.write(`${beginFrame}${wrapOff}${this.#home()}${frame}${eraseBelow}${wrapOn}${endFrame}`);
    this.#frame = frame;
    this.#drawn = lines.map(({ width }) => width);
  }

  /** Prints permanent lines above the region; the next `draw` draws the region again. */
  printAbove(text: string): Promise<void> {
    const printed = printText(`${this.#home()}${eraseBelow}${text}`);
    this.#drawn = [];
    this.#frame = '';
    return printed;
  }

  /** Leaves the last frame on the screen and releases the terminal. */
  end(): void {
    process.off('exit', this.#restore);
    this.#restore();
  }

  /** Moves to the beginning of the frame on the screen. A frame drawn on a wider terminal now takes more rows. */
  #home(): string {
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.columns)), 0);
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}

/** A line with colours, and its width in columns. */
export interface Line {
  readonly text: string;
  readonly width: number;
}
