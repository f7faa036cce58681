import { setImmediate as nextTurn } from 'node:timers/promises';

/** Parts, and bytes of them, that may wait for the reader before the producer is held back. */
const partsMax = 1_000;
export const outboxBytesMax = 8 * 1024 * 1024;

/**
 * What a stream is about to send. Its parts are gathered into one message: all of one turn of the event loop, and all
 * that came while the reader was busy with the previous message.
 *
 * A reader that stops reading must not fill the memory: producers wait for room before they do what leads to more
 * parts.
 */
export class Outbox<T> {
  readonly #empty: () => T;
  readonly #onRoom: () => void;
  #draft: T;
  #parts = 0;
  #bytes = 0;
  #isClosed = false;
  #error: unknown = null;
  #wake: () => void = () => {};
  #waiting: (() => void)[] = [];

  /**
   * @param empty creates a message without parts
   *
   * @param onRoom called when there is room again
   */
  constructor(empty: () => T, onRoom: () => void = () => {}) {
    this.#empty = empty;
    this.#draft = empty();
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#parts < partsMax && this.#bytes < outboxBytesMax;
  }

  /** Resolves when there is room, or when nothing is sent any more. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Adds to the next message. `bytes`: approximate size; 0 for parts that are always small. */
  add(change: (draft: T) => void, parts = 1, bytes = 0): void {
    if (this.#isClosed) return;
    change(this.#draft);
    this.#parts += parts;
    this.#bytes += bytes;
    this.#wake();
  }

  /** Ends the stream after the gathered parts have been sent. */
  close(): void {
    this.#isClosed = true;
    this.#release();
    this.#wake();
  }

  /** Ends the stream with an error, after the gathered parts have been sent. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.close();
  }

  async *messages(): AsyncGenerator<T> {
    for (;;) {
      if (this.#parts === 0 && !this.#isClosed) await this.#change();
      await nextTurn();
      if (this.#parts > 0) {
        const message = this.#draft;
        const wasFull = !this.hasRoom;
        this.#draft = this.#empty();
        this.#parts = 0;
        this.#bytes = 0;
        if (wasFull) {
          this.#release();
          this.#onRoom();
        }
        yield message;
      } else if (this.#error !== null) throw this.#error;
      else if (this.#isClosed) return;
    }
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
