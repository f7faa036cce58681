import type { OnProgress } from '../store/copy/copy-database.js';

/** How often a line is written where lines are kept, in milliseconds. */
const lineEveryMs = 2_000;

const doing = { copy: 'copying', verify: 'comparing' } as const;

/** Shows how far a copy is: one line that changes on a terminal, a line now and then elsewhere. */
export class CopyMeter {
  readonly #out: NodeJS.WriteStream;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  note(at: Parameters<OnProgress>[0]): void {
    const line = `${doing[at.phase]} ${at.table}: ${at.rows} of ${at.of} rows`;
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[K${line}`);
      return;
    }
    const now = performance.now();
    if (now - this.#writtenAt < lineEveryMs) return;
    this.#writtenAt = now;
    this.#out.write(`${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}
