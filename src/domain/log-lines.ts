/** What wrote a line. */
export type LogSource = 'stdout' | 'stderr' | 'system';

/** A piece of a log, in the log's order. */
export interface LogPiece {
  readonly source: LogSource;
  readonly atMs: number;
  readonly data: string;
}

export interface LogLine {
  readonly number: number;
  readonly source: LogSource;
  readonly atMs: number;
  /** Without its line feed. */
  readonly text: string;
  /** Whether its stream has ended it. */
  readonly ended: boolean;
}

/** Where a reader of lines begins: the next line's number, and the lines that are open there. */
export interface LinePlace {
  readonly nextLine: number;
  readonly open: ReadonlyMap<LogSource, number>;
}

export const firstLine: LinePlace = { nextLine: 1, open: new Map() };

interface HeldLine {
  readonly number: number;
  readonly source: LogSource;
  readonly atMs: number;
  text: string;
  ended: boolean;
}

/**
 * Makes lines of the pieces of a log. Lines are numbered in the order in which they begin. A line that its stream has not ended
 * continues in that stream's next piece, even if another stream wrote in between.
 */
export class LineAssembler {
  readonly #open: Map<LogSource, number>;
  /** The lines that began here and were not taken, in the order of their numbers. */
  #held: HeldLine[] = [];
  #nextLine: number;

  constructor(place: LinePlace) {
    this.#open = new Map(place.open);
    this.#nextLine = place.nextLine;
  }

  get place(): LinePlace {
    return { nextLine: this.#nextLine, open: new Map(this.#open) };
  }

  /** How many lines are held. */
  get heldCount(): number {
    return this.#held.length;
  }

  add({ source, atMs, data }: LogPiece): void {
    if (data === '') return;
    let at = 0;
    for (let end = data.indexOf('\n'); end !== -1; end = data.indexOf('\n', at)) {
      this.#put(source, atMs, data.slice(at, end), true);
      at = end + 1;
    }
    if (at < data.length) this.#put(source, atMs, data.slice(at), false);
  }

  /** Whether a line before a number may still grow. */
  isOpenBefore(number: number): boolean {
    return this.#held.some((line) => !line.ended && line.number < number);
  }

  /** Hands out the lines before the first one that is open, or all of them. */
  take(all: boolean): LogLine[] {
    const open = all ? -1 : this.#held.findIndex(({ ended }) => !ended);
    const taken = open === -1 ? this.#held : this.#held.slice(0, open);
    this.#held = open === -1 ? [] : this.#held.slice(open);
    return taken;
  }

  #put(source: LogSource, atMs: number, text: string, ended: boolean): void {
    const open = this.#open.get(source);
    if (open === undefined) {
      const number = this.#nextLine++;
      this.#held.push({ number, source, atMs, text, ended });
      if (!ended) this.#open.set(source, number);
      return;
    }
    // A line that began before this reader did is not held.
    const held = this.#held.findLast((line) => line.number === open);
    if (held !== undefined) {
      held.text += text;
      held.ended = ended;
    }
    if (ended) this.#open.delete(source);
  }
}
