import { connect, type Socket } from 'node:net';

export interface LinkSettings {
  /** The delay of each piece, in milliseconds. */
  delayMs: number;
  /** Nothing passes in either direction, and neither end is notified. */
  isDead: boolean;
}

/** One client connection and its connection to the server. */
export class Link {
  readonly #client: Socket;
  readonly #inner: Socket;
  readonly #settings: LinkSettings;
  readonly #pumps: (() => void)[] = [];
  #isLost = false;

  constructor(client: Socket, innerPort: number, settings: LinkSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#inner = connect(innerPort, '127.0.0.1');
    this.#inner.setNoDelay(true);
    client.setNoDelay(true);
    this.#pass(client, this.#inner);
    this.#pass(this.#inner, client);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Resumes after a change of the settings. */
  wake(): void {
    for (const pump of this.#pumps) pump();
  }

  /** Blocks the link for good without notifying either end, even when the other end closes. */
  lose(): void {
    this.#isLost = true;
  }

  cut(): void {
    this.#client.destroy();
    this.#inner.destroy();
  }

  #pass(from: Socket, to: Socket): void {
    const held: { readonly atMs: number; readonly bytes: Buffer | null }[] = [];
    let timer: NodeJS.Timeout | null = null;
    const pump = () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      while (held[0] !== undefined && !this.#settings.isDead && !this.#isLost) {
        const waitMs = held[0].atMs - performance.now();
        if (waitMs > 0) {
          timer = setTimeout(pump, waitMs);
          return;
        }
        const { bytes } = held[0];
        held.shift();
        if (bytes === null) to.end();
        else if (!to.destroyed) to.write(bytes);
      }
    };
    const hold = (bytes: Buffer | null) => {
      held.push({ atMs: performance.now() + this.#settings.delayMs, bytes });
      if (timer === null) pump();
    };
    this.#pumps.push(pump);
    from.on('data', hold);
    from.on('end', () => hold(null));
    from.on('error', () => {});
    from.on('close', () => {
      if (this.#isLost) return;
      // A client that leaves closes its connection; a dead network does not.
      if (held.length === 0 || from === this.#inner) setTimeout(() => to.destroy(), 5);
    });
  }
}
