import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection.js';
import { type Health, pause } from './retry.js';
import type { PostgresSession } from './session.js';

const channel = 'workflow_graph';

/** PostgreSQL takes 8,000 bytes; the rest is for the sender's name. */
export const messageBytesMax = 7_900;

/** Interval of the keepalive query of the listening session: a connection can die silently. */
const askEveryMs = 5_000;

/** How long the first message to oneself may take, before the server concludes that none will arrive. */
const echoMs = 2_000;

/** Longest pause of the listener before it connects again. */
const pauseMsMax = 500;

const notify = 'select pg_notify($1, $2)';

/**
 * Messages between servers, by LISTEN and NOTIFY. A message sent in a transaction is delivered after the commit. A
 * server ignores its own messages.
 */
export class Notifications {
  readonly #server = randomUUID().slice(0, 8);
  readonly #open: () => Promise<PostgresSession>;
  readonly #health: Health;
  readonly #onNotification: ((message: string) => void)[] = [];
  readonly #onHeard: (() => void)[] = [];
  #session: PostgresSession | null = null;
  #onEcho: () => void = () => {};
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();
  #endPause: () => void = () => {};

  constructor(open: () => Promise<PostgresSession>, health: Health) {
    this.#open = open;
    this.#health = health;
  }

  /** Starts to listen; returns whether messages arrive. Errors: the driver's own. */
  async start(): Promise<boolean> {
    await this.#listen();
    const heard = new Promise<boolean>((resolve) => {
      this.#onEcho = () => resolve(true);
      setTimeout(() => resolve(false), echoMs).unref();
    });
    await this.#notifyFromElsewhere('echo');
    const passes = await heard;
    this.#running = this.#keepListening();
    return passes;
  }

  onNotification(callback: (message: string) => void): void {
    this.#onNotification.push(callback);
  }

  /** Calls back when messages arrive again after a time in which some may have been lost. */
  onRestored(callback: () => void): void {
    this.#onHeard.push(callback);
  }

  notify(connection: Connection, message: string): void {
    connection.execute(notify, [channel, `${this.#server} ${message}`]);
  }

  notifyNow(message: string): void {
    if (this.#session !== null && !this.#session.isLost) this.notify(this.#session, message);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endPause();
    await this.#session?.close();
    await this.#running;
  }

  async #listen(): Promise<void> {
    const session = await this.#open();
    session.onNotification((_, payload) => this.#hear(payload));
    await session.command(`listen ${channel}`);
    this.#session = session;
  }

  #hear(payload: string): void {
    const space = payload.indexOf(' ');
    const message = payload.slice(space + 1);
    if (payload.slice(0, space) === this.#server) {
      if (message === 'echo') this.#onEcho();
      return;
    }
    if (message !== 'echo') for (const callback of this.#onNotification) callback(message);
  }

  /**
   * Sends from a session of its own: a pooler in transaction mode passes a message on to the present user of the
   * database's listening session, which would be this session if it notified itself.
   */
  async #notifyFromElsewhere(message: string): Promise<void> {
    const session = await this.#open();
    try {
      await session.query(notify, [channel, `${this.#server} ${message}`]);
    } finally {
      await session.close();
    }
  }

  async #keepListening(): Promise<void> {
    for (let pauseMs = 10; !this.#isClosed; ) {
      try {
        if (this.#session === null || this.#session.isLost) {
          await this.#listen();
          for (const callback of this.#onHeard) callback();
          pauseMs = 10;
        }
        await this.#session?.query('select 1', []);
        this.#health.answered();
        await this.#pauseUntilLost();
      } catch (error) {
        if (this.#isClosed) return;
        this.#health.lost(error);
        await this.#session?.close();
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, pauseMsMax);
      }
    }
    await this.#session?.close();
  }

  /** Pauses until the next keepalive, or until the session breaks. */
  #pauseUntilLost(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, askEveryMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#session?.onLost(this.#endPause);
    });
  }
}
