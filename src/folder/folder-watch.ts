import { stat } from 'node:fs/promises';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';

/** How long the folder must be quiet before it is read, because an editor writes a file in several steps. */
const quietMs = 100;

/** Polling interval, because notifications do not cover every change. */
const lookEveryMs = 3_000;

/** A folder that is never quiet is read this long after the first change. */
const postponedMsMax = 1_000;

/** Largest share of the time that polls take, however many files there are. */
const lookShareMax = 1 / 50;

/**
 * Calls back when the folder may have changed: soon after a notification of the operating system, and every few
 * seconds. Polling finds what notifications miss: a folder that was removed and created again, moved and replaced, or
 * reached through a link that now leads elsewhere; network file systems; files that could not be read at the first try.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #look: () => Promise<void>;
  readonly #log: Logger;
  #watcher: FSWatcher | null = null;
  /** The watched folder, by device and inode; null when there was none. */
  #watched: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Time of the first change that no poll has seen; null when there is none. */
  #changedAt: number | null = null;
  #lastTookMs = 0;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** @param look reads the folder; it does not throw */
  constructor(folder: string, look: () => Promise<void>, log: Logger) {
    this.#folder = folder;
    this.#look = look;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#watchFolder();
    // Changes during the start of the watcher.
    this.#noteChange();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    await this.#watcher?.close();
  }

  #noteChange(): void {
    const now = performance.now();
    this.#changedAt ??= now;
    if (now - this.#changedAt < postponedMsMax) this.#lookIn(quietMs);
  }

  #lookIn(delayMs: number): void {
    if (this.#isStopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.#looking.then(() => this.#lookNow());
    }, delayMs);
  }

  async #lookNow(): Promise<void> {
    const begunAt = performance.now();
    // Reset before the folder is read, so that a change during this poll leads to another one soon.
    this.#changedAt = null;
    this.#lookIn(Math.max(lookEveryMs, this.#lastTookMs / lookShareMax));
    await this.#watchFolder();
    await this.#look();
    this.#lastTookMs = performance.now() - begunAt;
  }

  /** Watches the present folder. Errors are only logged: polling continues without notifications. */
  async #watchFolder(): Promise<void> {
    const folder = await stat(this.#folder, { bigint: true }).then(
      ({ dev, ino }) => `${dev}/${ino}`,
      () => null,
    );
    if (folder === this.#watched && this.#watcher !== null) return;
    await this.#watcher?.close();
    this.#watcher = null;
    this.#watched = folder;
    if (folder === null || this.#isStopped) return;
    const watcher = watch(this.#folder, { depth: 0, ignoreInitial: true, persistent: true });
    this.#watcher = watcher;
    watcher.on('all', () => this.#noteChange());
    watcher.on('error', (error) =>
      this.#log.warn(
        { err: error, folder: this.#folder },
        'the workflows folder cannot be watched; polling it every few seconds',
      ),
    );
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
  }
}
