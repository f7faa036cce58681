/**
 * Lines as rows of equal height. Without wrapping each line is a row; with it, a line takes as many rows as its length
 * in columns requires. All heights are thus known without measuring.
 */
export class RowIndex {
  /** `#firstRows[n]` is the first row of line n + 1. */
  #firstRows = new Uint32Array(1_024);
  #lines = 0;
  #rows = 0;
  #columns = 0;

  get rows(): number {
    return this.#rows;
  }

  /** @param columns the number of characters in a row; 0 without wrapping */
  rebuild(columns: number, lines: number, lengthOf: (line: number) => number): void {
    this.#columns = columns;
    this.#lines = 0;
    this.#rows = 0;
    this.extend(lines, lengthOf);
  }

  /** Adds new lines. The last known line may have grown, and is recounted. */
  extend(lines: number, lengthOf: (line: number) => number): void {
    const from = Math.max(1, this.#lines);
    if (this.#lines > 0) this.#rows = this.#firstRows[this.#lines - 1] ?? 0;
    this.#reserve(lines);
    for (let line = from; line <= lines; line++) {
      this.#firstRows[line - 1] = this.#rows;
      this.#rows += this.#columns === 0 ? 1 : Math.max(1, Math.ceil(lengthOf(line) / this.#columns));
    }
    this.#lines = lines;
  }

  /** The line of a row, and the index of the row within it, from 0. */
  at(row: number): { line: number; part: number } {
    let low = 0;
    let high = this.#lines - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#firstRows[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, part: row - (this.#firstRows[low] ?? 0) };
  }

  /** The first row of a line. */
  rowOf(line: number): number {
    return this.#firstRows[Math.min(Math.max(1, line), Math.max(1, this.#lines)) - 1] ?? 0;
  }

  #reserve(lines: number): void {
    if (lines <= this.#firstRows.length) return;
    const larger = new Uint32Array(Math.max(lines, this.#firstRows.length * 2));
    larger.set(this.#firstRows);
    this.#firstRows = larger;
  }
}
