import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';
import { ConfigError } from './config.js';
import type { DefinitionFormat } from './domain/definition/definition.js';
import { DomainError } from './domain/errors.js';
import { limits } from './domain/limits.js';
import { formatProblem } from './domain/problem.js';
import type { RunningEngine } from './engine/create-engine.js';

/** How long the folder must be quiet before it is read: an editor writes a file in several steps. */
const quietMs = 100;

const formats: Readonly<Record<string, DefinitionFormat>> = { '.yml': 'yaml', '.yaml': 'yaml', '.json': 'json' };

/**
 * The folder of workflow files. Each file defines the workflow with its stem's name, at the start and whenever it
 * changes. A file with a mistake is reported with each place, and the workflow keeps its last good version.
 */
export class WorkflowFolder {
  readonly #folder: string;
  readonly #engine: RunningEngine;
  readonly #log: Logger;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #loading: Promise<void> = Promise.resolve();
  /** Files by name, with what they were when last read, so that an unchanged file is not read again. */
  #seen = new Map<string, string>();
  #isMissing = false;

  constructor(folder: string, engine: RunningEngine, log: Logger) {
    this.#folder = folder;
    this.#engine = engine;
    this.#log = log;
  }

  /**
   * Reads every file, then watches for changes. A folder that does not exist yet may come later.
   *
   * @throws ConfigError when it is not a folder, or may not be read.
   */
  async start(): Promise<void> {
    await this.#load().catch((error: unknown) => {
      throw isUnreadable(error) ? new ConfigError(`WORKFLOWS_DIR is "${this.#folder}": ${error.message}`) : error;
    });
    this.#watcher = watch(this.#folder, { depth: 0, ignoreInitial: true, persistent: true });
    this.#watcher.on('all', () => this.#noteChange());
    this.#watcher.on('error', (error) => this.#log.error({ err: error, folder: this.#folder }, 'watching failed'));
    await new Promise<void>((resolve) => this.#watcher?.once('ready', resolve));
    this.#noteChange();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#watcher?.close();
    await this.#loading;
  }

  #noteChange(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#loading = this.#loading
        .then(() => this.#load())
        .catch((error: unknown) => this.#log.error({ err: error, folder: this.#folder }, 'reading workflows failed'));
    }, quietMs);
  }

  async #load(): Promise<void> {
    const names = await this.#fileNames();
    const byId = new Map<string, string>();
    for (const name of names) {
      const id = basename(name, extname(name));
      const other = byId.get(id);
      if (other === undefined) byId.set(id, name);
      else this.#log.error({ file: name }, `${name} is passed over: ${other} defines the workflow "${id}" already`);
    }
    for (const [id, name] of byId) await this.#define(id, name);
    await this.#engine.keepOnlyFiles([...byId.keys()]);
    this.#seen = new Map([...this.#seen].filter(([name]) => names.includes(name)));
  }

  async #fileNames(): Promise<string[]> {
    try {
      const entries = await readdir(this.#folder);
      this.#isMissing = false;
      return entries.filter((name) => !name.startsWith('.') && formats[extname(name)] !== undefined).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!this.#isMissing) {
        this.#log.warn({ folder: this.#folder }, `the workflows folder ${this.#folder} does not exist (WORKFLOWS_DIR)`);
      }
      this.#isMissing = true;
      return [];
    }
  }

  async #define(id: string, name: string): Promise<void> {
    const file = join(this.#folder, name);
    try {
      const { mtimeMs, size } = await stat(file);
      const state = `${mtimeMs}/${size}`;
      if (this.#seen.get(name) === state) return;
      this.#seen.set(name, state);
      if (size > limits.definitionBytes) {
        throw new DomainError('too_large', `${size} bytes are more than the limit of ${limits.definitionBytes} bytes`);
      }
      const text = await readFile(file);
      const format = formats[extname(name)] ?? 'yaml';
      const defined = await this.#engine.define({ id, source: 'file', text, format, file: name });
      if (defined !== 'unchanged') this.#log.info({ workflow: id, file: name }, `workflow "${id}" is ${defined}`);
    } catch (error) {
      this.#report(id, name, error);
    }
  }

  #report(id: string, name: string, error: unknown): void {
    const at = { workflow: id, file: name };
    if (!(error instanceof DomainError)) {
      this.#log.error({ ...at, err: error }, `${name} could not be read`);
      return;
    }
    const problems = error.problems.map(formatProblem);
    const lines = problems.length > 0 ? problems : [`${name}: ${error.message}`];
    this.#log.error(at, `workflow "${id}" is not loaded:\n  ${lines.join('\n  ')}`);
  }
}

function isUnreadable(error: unknown): error is Error {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return syscall === 'scandir' && ['ENOTDIR', 'EACCES', 'EPERM'].includes(code);
}
