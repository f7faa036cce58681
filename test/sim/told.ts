import type { SharedDatabase } from '../../src/store/store.js';
import type { Outage, Reach } from './outage.js';
import type { Process } from './process.js';
import type { Weather } from './weather.js';
import type { World } from './world.js';

interface Listener {
  readonly process: Process;
  readonly onNotification: ((message: string) => void)[];
  readonly onBack: (() => void)[];
  isAway: boolean;
}

/**
 * What servers on one database tell one another, as LISTEN and NOTIFY do it: to all others, at the commit; but late,
 * twice, or never, as the weather has it.
 */
export class Told {
  readonly #world: World;
  readonly #weather: () => Weather;
  readonly #outage: Outage;
  readonly #listeners = new Map<Process, Listener>();

  constructor(world: World, weather: () => Weather, outage: Outage) {
    this.#world = world;
    this.#outage = outage;
    this.#weather = weather;
  }

  /**
   * @param now the database's time as this server knows it
   * @param databaseNow the same as it is
   * @param inTransaction keeps a message for the commit; false when the connection is in no transaction
   */
  join(
    process: Process,
    now: () => number,
    databaseNow: () => number,
    lastWriteMs: number | null,
    reach: Reach,
    inTransaction: (message: string, connection: object) => boolean,
  ): SharedDatabase {
    const listener: Listener = { process, onNotification: [], onBack: [], isAway: false };
    this.#listeners.set(process, listener);
    process.onDeath(() => this.#listeners.delete(process));
    return {
      now,
      nowIn: async () => databaseNow(),
      lastWriteMs,
      awayMs: () => reach.awayMs(),
      forgetAway: () => reach.forgetAway(),
      messageBytesMax: 7_900,
      notify: (connection, message) => {
        if (!inTransaction(message, connection)) this.send(process, [message]);
      },
      notifyNow: (message) => this.send(process, [message]),
      onNotification: (callback) => void listener.onNotification.push(callback),
      onBack: (callback) => {
        listener.onBack.push(callback);
        reach.onBack(callback);
      },
    };
  }

  send(from: Process, messages: readonly string[]): void {
    const { random } = this.#world;
    const weather = this.#weather();
    if (!from.isAlive || this.#outage.isAway || this.#listeners.get(from)?.isAway) return;
    for (const message of messages) {
      for (const listener of this.#listeners.values()) {
        if (listener.process === from) continue;
        if (listener.isAway || random.chance(weather.tellLost)) {
          this.#world.count('notification lost');
          continue;
        }
        this.#deliver(listener, message);
        if (random.chance(weather.tellDoubled)) {
          this.#world.count('notification doubled');
          this.#deliver(listener, message);
        }
      }
    }
  }

  /** Cuts a server off from the others for a while; it is told when it hears again. */
  cutOff(process: Process, forMs: number): void {
    const listener = this.#listeners.get(process);
    if (listener === undefined || listener.isAway) return;
    listener.isAway = true;
    this.#world.count('cut off from notifications');
    this.#world.after(forMs, process, 'hears again', () => {
      listener.isAway = false;
      for (const callback of listener.onBack) callback();
    });
  }

  #deliver(listener: Listener, message: string): void {
    const delayMs = this.#world.random.within(0, Math.min(50, this.#weather().delayMsMax));
    this.#world.after(delayMs, listener.process, 'told', () => {
      if (listener.isAway) return;
      this.#world.count('notification heard');
      for (const callback of listener.onNotification) callback(message);
    });
  }
}
