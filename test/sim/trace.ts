/** What happened, as a hash that two runs of one seed share, and, when wanted, as text. */
export class Trace {
  readonly #tell: ((line: string) => void) | null;
  #a = 0xdeadbeef;
  #b = 0x41c6ce57;

  constructor(tell: ((line: string) => void) | null) {
    this.#tell = tell;
  }

  add(line: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let at = 0; at < line.length; at++) {
      const unit = line.charCodeAt(at);
      a = Math.imul(a ^ unit, 2654435761);
      b = Math.imul(b ^ unit, 1597334677);
    }
    this.#a = a;
    this.#b = b;
    this.#tell?.(line);
  }

  get hash(): string {
    const a = Math.imul(this.#a ^ (this.#a >>> 16), 2246822507) ^ Math.imul(this.#b ^ (this.#b >>> 13), 3266489909);
    const b = Math.imul(this.#b ^ (this.#b >>> 16), 2246822507) ^ Math.imul(this.#a ^ (this.#a >>> 13), 3266489909);
    return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
  }
}
