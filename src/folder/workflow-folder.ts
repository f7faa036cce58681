import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Logger } from 'pino';
import { ConfigError } from '../config.js';
import type { DefinitionFormat } from '../domain/definition/definition.js';
import { DomainError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { formatProblem, type Problem } from '../domain/problem.js';
import type { RunningEngine } from '../engine/create-engine.js';
import { FolderWatch } from './folder-watch.js';
import { identityOf, readRegularFile } from './read-regular-file.js';

const formats: Readonly<Record<string, DefinitionFormat>> = { '.yml': 'yaml', '.yaml': 'yaml', '.json': 'json' };

/** The part of the engine that the folder uses. */
export type FolderEngine = Pick<
  RunningEngine,
  'define' | 'removeMissingWorkflows' | 'reportBrokenFile' | 'reportLoadedFile'
>;

/**
 * The folder of workflow files. Each file defines the workflow with its stem's name, at the start and whenever it
 * changes. A file with mistakes is reported with each place, and the workflow keeps its last good version.
 *
 * A file counts as seen only when its content was stored or refused for its text. If it failed for another reason (the
 * database was unavailable, the file could not be read), every poll tries it again. While the folder cannot be listed,
 * nothing changes: no workflow is removed because its folder is briefly unavailable.
 */
export class WorkflowFolder {
  readonly #folder: string;
  readonly #engine: FolderEngine;
  readonly #log: Logger;
  readonly #watch: FolderWatch;
  /** The identity of each loaded or refused file, by name. */
  #seen = new Map<string, string>();
  /** The ids, as JSON, that the engine knows as the only ones with files. */
  #reconciled = '';
  /**
   * What was last logged about the folder (key '') and each file that could not be loaded, so that it is logged once.
   */
  readonly #logged = new Map<string, string>();

  constructor(folder: string, engine: FolderEngine, log: Logger) {
    this.#folder = folder;
    this.#engine = engine;
    this.#log = log;
    this.#watch = new FolderWatch(folder, () => this.#look(), log);
  }

  /**
   * Reads every file, then watches for changes. A missing folder may appear later.
   *
   * @throws ConfigError when it is not a folder, or cannot be read.
   */
  async start(): Promise<void> {
    await this.#load().catch((error: unknown) => {
      throw isUnreadable(error) ? new ConfigError(`WORKFLOWS_DIR is "${this.#folder}": ${error.message}`) : error;
    });
    await this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  async #look(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      const { message } = error as Error;
      if (this.#isNew('', message)) {
        this.#log.error({ err: error, folder: this.#folder }, 'could not read the workflows folder; retrying');
      }
    }
  }

  async #load(): Promise<void> {
    const names = await this.#fileNames();
    if (names === null) return;
    const byId = new Map<string, string>();
    for (const name of names) {
      const id = basename(name, extname(name));
      const other = byId.get(id);
      if (other === undefined) byId.set(id, name);
      else this.#logOnce(name, `skipped ${name}: ${other} already defines the workflow "${id}"`);
    }
    for (const [id, name] of byId) await this.#define(id, name);
    const ids = [...byId.keys()];
    if (JSON.stringify(ids) !== this.#reconciled) {
      await this.#engine.removeMissingWorkflows(ids);
      this.#reconciled = JSON.stringify(ids);
    }
    this.#seen = new Map([...this.#seen].filter(([name]) => names.includes(name)));
    for (const name of this.#logged.keys()) if (!names.includes(name)) this.#logged.delete(name);
  }

  /** Null when the folder does not exist. */
  async #fileNames(): Promise<string[] | null> {
    try {
      const entries = await readdir(this.#folder);
      return entries.filter((name) => !name.startsWith('.') && formats[extname(name)] !== undefined).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const message = `the workflows folder ${this.#folder} does not exist (WORKFLOWS_DIR)`;
      if (this.#isNew('', message)) this.#log.warn({ folder: this.#folder }, message);
      return null;
    }
  }

  async #define(id: string, name: string): Promise<void> {
    const path = join(this.#folder, name);
    let identity: string | null = null;
    try {
      identity = identityOf(await stat(path, { bigint: true }));
      if (this.#seen.get(name) === identity) return;
      const read = await readRegularFile(path, limits.definitionBytes);
      identity = read.identity;
      const format = formats[extname(name)] ?? 'yaml';
      const defined = await this.#engine.define({ id, source: 'file', text: read.bytes, format, file: name });
      this.#seen.set(name, identity);
      this.#logged.delete(name);
      this.#engine.reportLoadedFile(id);
      if (defined !== 'unchanged') this.#log.info({ workflow: id, file: name }, `workflow "${id}" is ${defined}`);
    } catch (error) {
      if (identity !== null && isAboutContent(error)) this.#seen.set(name, identity);
      this.#report(id, name, error);
    }
  }

  #report(id: string, name: string, error: unknown): void {
    if (!(error instanceof DomainError)) {
      this.#logOnce(name, `could not read ${name}; trying again: ${(error as Error).message}`, error);
      if ((error as NodeJS.ErrnoException).syscall !== undefined) {
        this.#engine.reportBrokenFile(id, name, [wholeFile(name, `it cannot be read: ${(error as Error).message}`)]);
      }
      return;
    }
    if (!isAboutContent(error)) {
      this.#logOnce(name, `could not store ${name}; trying again: ${error.message}`, error);
      return;
    }
    const problems = error.problems.length > 0 ? error.problems : [wholeFile(name, error.message)];
    this.#engine.reportBrokenFile(id, name, problems);
    this.#logOnce(name, `workflow "${id}" is not loaded:\n  ${problems.map(formatProblem).join('\n  ')}`);
  }

  #logOnce(name: string, message: string, error?: unknown): void {
    const fields = { workflow: basename(name, extname(name)), file: name };
    if (this.#isNew(name, message)) this.#log.error(error === undefined ? fields : { ...fields, err: error }, message);
  }

  #isNew(key: string, message: string): boolean {
    if (this.#logged.get(key) === message) return false;
    this.#logged.set(key, message);
    return true;
  }
}

/** Whether the same file would be refused again. */
function isAboutContent(error: unknown): boolean {
  return error instanceof DomainError && ['invalid_definition', 'too_large', 'malformed'].includes(error.code);
}

function wholeFile(file: string, message: string): Problem {
  return { message, field: '', job: null, file, line: null, column: null };
}

function isUnreadable(error: unknown): error is Error {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return syscall === 'scandir' && ['ENOTDIR', 'EACCES', 'EPERM'].includes(code);
}
