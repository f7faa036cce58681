import { LRUCache } from 'lru-cache';
import type { Condition } from '../domain/condition/expression.js';
import { parseCondition } from '../domain/condition/parse-condition.js';
import type { Connection } from '../store/connection.js';
import { versionJobs } from '../store/statements/workflows.js';
import type { JobSpec } from './engine.js';

/** What a version says of one job, parsed. */
export interface KnownJob {
  readonly key: string;
  readonly needs: number;
  readonly conditional: number;
  readonly spec: JobSpec;
  readonly condition: Condition | null;
}

/** A job of a version. */
export interface JobOfVersion {
  readonly version: number;
  readonly ord: number;
}

/** About 100 MB of specifications at the most, by the length of their JSON. */
const cachedCharsMax = 50_000_000;

/** The specifications of jobs. They never change, so they are parsed once and kept while there is room. */
export class JobSpecs {
  readonly #known = new LRUCache<number, KnownJob>({ maxSize: cachedCharsMax });

  forgetAll(): void {
    this.#known.clear();
  }

  /** The specifications of the given jobs, in their order. Errors: a job that no version has is a bug. */
  async get(connection: Connection, jobs: readonly JobOfVersion[]): Promise<KnownJob[]> {
    const missing = jobs.filter((job) => !this.#known.has(cacheKey(job)));
    const loaded = new Map<number, KnownJob>();
    if (missing.length > 0) {
      const rows = await versionJobs.run(connection, { rows: missing.map((job) => [job.version, job.ord]) });
      for (const row of rows) {
        const known = toKnownJob(row);
        loaded.set(cacheKey(row), known);
        this.#known.set(cacheKey(row), known, { size: row.spec.length + 200 });
      }
    }
    return jobs.map((job) => {
      const known = this.#known.get(cacheKey(job)) ?? loaded.get(cacheKey(job));
      if (known === undefined) throw new Error(`version ${job.version} has no job ${job.ord}`);
      return known;
    });
  }
}

function cacheKey(job: JobOfVersion): number {
  return job.version * 2 ** 20 + job.ord;
}

function toKnownJob(row: { key: string; needs: number; conditional: number; spec: string }): KnownJob {
  const spec = JSON.parse(row.spec) as JobSpec;
  return {
    key: row.key,
    needs: row.needs,
    conditional: row.conditional,
    spec,
    condition: spec.condition === null ? null : parseCondition(spec.condition),
  };
}
