import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * What a stream is about to send. Its parts are gathered into one message: all that came in one turn of the event loop,
 * and all that came while the reader was busy with the message before.
 */
export class Outbox<T> {
  readonly #empty: () => T;
  #draft: T;
  #isEmpty = true;
  #isClosed = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  /** @param empty makes a message without parts */
  constructor(empty: () => T) {
    this.#empty = empty;
    this.#draft = empty();
  }

  /** Adds to the next message. */
  add(change: (draft: T) => void): void {
    if (this.#isClosed) return;
    change(this.#draft);
    this.#isEmpty = false;
    this.#wake();
  }

  /** Ends the stream after what is gathered has been sent. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Ends the stream with an error, after what is gathered has been sent. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.close();
  }

  async *messages(): AsyncGenerator<T> {
    for (;;) {
      if (this.#isEmpty && !this.#isClosed) await this.#change();
      await nextTurn();
      if (!this.#isEmpty) {
        const message = this.#draft;
        this.#draft = this.#empty();
        this.#isEmpty = true;
        yield message;
      } else if (this.#error !== null) throw this.#error;
      else if (this.#isClosed) return;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
