/** Notifies its listeners that something changed; they read what. */
export class Signal {
  readonly #listeners: (() => void)[] = [];

  listen(callback: () => void): void {
    this.#listeners.push(callback);
  }

  send(): void {
    for (const callback of this.#listeners) callback();
  }
}
