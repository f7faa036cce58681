/**
 * The databases that a URL names, each by a URL of its own: `postgres://user@a:5432,b/name` names one at `a` and one at
 * `b`, of which one is the primary and the others its standbys.
 */
export function urlsOf(url: string): readonly [string, ...string[]] {
  const [, start = '', hosts = '', end = ''] = /^([a-z]+:\/\/(?:[^/@]*@)?)([^/?]*)(.*)$/s.exec(url) ?? [];
  const [first = '', ...others] = hosts.split(',');
  if (others.length === 0) return [url];
  return [start + first + end, ...others.map((host) => start + host + end)];
}

/**
 * Opens the first that lets itself be opened, beginning with the one that did the last time.
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
