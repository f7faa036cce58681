import { Code, ConnectError } from '@connectrpc/connect';
import type { WatchRunsResponse } from '../../gen/workflowgraph/v1/runs_pb.js';
import { reconnectDelayMs } from './backoff.js';
import type { Connection } from './messages.js';

/** The server sends something every 15 seconds. A stream that is silent for longer is dead and is reopened. */
const silenceMs = 45_000;

/** A stream that has not failed for this long counts as open, even without a message. */
const openMs = 1_000;

export interface ChannelOptions {
  /** Opens the stream after an event. */
  readonly open: (after: bigint, signal: AbortSignal) => AsyncIterable<WatchRunsResponse>;
  readonly onMessage: (message: WatchRunsResponse) => void;
  readonly onConnection: (connection: Connection) => void;
  /** Called before it is reopened. */
  readonly onError: (error: unknown) => void;
}

/** A stream that reopens itself after a break, from the number of the last received event. */
export class Channel {
  readonly #options: ChannelOptions;
  #after: bigint;
  #abort = new AbortController();
  #wakeUp: () => void = () => {};
  #ended = false;

  constructor(after: bigint, options: ChannelOptions) {
    this.#options = options;
    this.#after = after;
    void this.#run();
  }

  get after(): bigint {
    return this.#after;
  }

  /** Retries immediately instead of waiting out the delay. */
  retry(): void {
    this.#wakeUp();
  }

  end(): void {
    this.#ended = true;
    this.#abort.abort();
    this.#wakeUp();
  }

  async #run(): Promise<void> {
    let failures = 0;
    let lostAtMs: number | null = null;
    while (!this.#ended) {
      this.#abort = new AbortController();
      let silence = this.#hangUpLater();
      const open = setTimeout(() => {
        lostAtMs = null;
        this.#options.onConnection({ kind: 'live' });
      }, openMs);
      try {
        for await (const message of this.#options.open(this.#after, this.#abort.signal)) {
          clearTimeout(open);
          clearTimeout(silence);
          silence = this.#hangUpLater();
          if (this.#ended) return;
          failures = 0;
          lostAtMs = null;
          this.#options.onConnection({ kind: 'live' });
          this.#options.onMessage(message);
          if (message.lastEvent > this.#after) this.#after = message.lastEvent;
        }
      } catch (error) {
        if (this.#ended) return;
        if (ConnectError.from(error).code === Code.Unauthenticated) {
          this.#options.onConnection({ kind: 'signed-out' });
          return;
        }
        this.#options.onError(error);
      } finally {
        clearTimeout(open);
        clearTimeout(silence);
      }
      lostAtMs ??= Date.now();
      this.#options.onConnection({ kind: 'lost', sinceMs: lostAtMs });
      await this.#wait(reconnectDelayMs(failures++, Math.random()));
    }
  }

  #hangUpLater(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#abort.abort(), silenceMs);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
