import { connect, type Socket } from 'node:net';

/** A TCP connection that a test writes to byte by byte, and whose responses it waits for. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  closed = false;
  #wake: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
      this.#changed();
    });
    this.socket.on('close', () => {
      this.closed = true;
      this.#changed();
    });
    this.socket.on('error', () => {});
  }

  async write(text: string | Buffer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.write(text, () => resolve());
    await promise;
  }

  /** Resolves when the responses so far match, or the connection is closed. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received) && !this.closed) await this.#nextChange();
    return this.received;
  }

  async untilClosed(): Promise<string> {
    while (!this.closed) await this.#nextChange();
    return this.received;
  }

  #nextChange(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake.push(resolve);
    return promise;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
