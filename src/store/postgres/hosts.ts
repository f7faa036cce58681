/**
 * The databases in a URL, each with a URL of its own: `postgres://user@a:5432,b/name` names one at `a` and one at `b`,
 * one of which is the primary and the others its standbys.
 */
export function urlsOf(url: string): readonly [string, ...string[]] {
  const [, start = '', hosts = '', end = ''] = /^([a-z]+:\/\/(?:[^/@]*@)?)([^/?]*)(.*)$/s.exec(url) ?? [];
  const [first = '', ...others] = hosts.split(',');
  if (others.length === 0) return [url];
  return [start + first + end, ...others.map((host) => start + host + end)];
}

/**
 * Opens the first that can be opened, beginning with the last successful one.
 *
 * Errors: that of the last one tried.
 */
export class FirstOf<T> {
  readonly #urls: readonly string[];
  #last = 0;

  constructor(url: string) {
    this.#urls = urlsOf(url);
  }

  async open(open: (url: string) => Promise<T>): Promise<T> {
    const from = this.#last;
    for (let tried = 0; ; tried++) {
      const at = (from + tried) % this.#urls.length;
      try {
        const opened = await open(this.#urls[at] ?? '');
        this.#last = at;
        return opened;
      } catch (error) {
        if (tried + 1 === this.#urls.length) throw error;
      }
    }
  }
}
