import type { Problem } from '../../domain/problem.js';

/** A workflow file that the server could not load. */
export interface BrokenFile {
  /** The file's name in the workflows folder. */
  readonly file: string;
  /** When this server first found the file broken, in Unix milliseconds. */
  readonly sinceMs: number;
  /** Every problem of the text, with its place; one without a place when the file could not be read. */
  readonly problems: readonly Problem[];
}

/**
 * The broken files of this server's workflows folder, by workflow id. Kept in memory: every server reads its folder at
 * its start.
 */
export class BrokenFiles {
  readonly #files = new Map<string, BrokenFile>();

  get size(): number {
    return this.#files.size;
  }

  get(workflowId: string): BrokenFile | null {
    return this.#files.get(workflowId) ?? null;
  }

  /** A file that was broken before keeps its first time. */
  set(workflowId: string, { file, problems }: Omit<BrokenFile, 'sinceMs'>, nowMs: number): void {
    const sinceMs = this.#files.get(workflowId)?.sinceMs ?? nowMs;
    this.#files.set(workflowId, { file, problems, sinceMs });
  }

  delete(workflowId: string): void {
    this.#files.delete(workflowId);
  }

  /** The ids of workflows with a broken file, sorted. */
  ids(): string[] {
    return [...this.#files.keys()].sort();
  }
}
