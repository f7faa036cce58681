import { LRUCache } from 'lru-cache';
import { type RunRow, runsByNumber } from '../store/statements/runs.js';
import type { Batch } from './batch.js';

/** What is fixed about a run from its start. */
export interface RunFacts {
  readonly no: number;
  readonly id: string;
  readonly workflowId: string;
  readonly version: number;
  readonly inputs: ReadonlyMap<string, string>;
  readonly jobCount: number;
  readonly survivorCount: number;
  /** The trace within which it was started; null when in none. */
  readonly traceparent: string | null;
}

/** The fixed facts of runs, kept while there is room. */
export class RunFactsCache {
  readonly #known = new LRUCache<number, RunFacts>({ max: 20_000 });

  /** Only for runs that are on disk: the number of one that is not may go to another. */
  add(facts: RunFacts): void {
    this.#known.set(facts.no, facts);
  }

  forgetAll(): void {
    this.#known.clear();
  }

  /** The facts of the given runs, by number. Errors: a run that does not exist is a bug. */
  async get(batch: Pick<Batch, 'connection' | 'newRuns'>, runs: Iterable<number>): Promise<Map<number, RunFacts>> {
    const found = new Map<number, RunFacts>();
    const missing: number[] = [];
    for (const no of new Set(runs)) {
      const known = batch.newRuns.get(no) ?? this.#known.get(no);
      if (known === undefined) missing.push(no);
      else found.set(no, known);
    }
    if (missing.length > 0) {
      for (const row of await runsByNumber.run(batch.connection, { rows: missing.map((no) => [no]) })) {
        const facts = toRunFacts(row);
        this.add(facts);
        found.set(facts.no, facts);
      }
    }
    return found;
  }
}

function toRunFacts(row: RunRow): RunFacts {
  return {
    no: row.no,
    id: row.id,
    workflowId: row.workflow_id,
    version: row.version,
    inputs: new Map(Object.entries(JSON.parse(row.inputs) as Record<string, string>)),
    jobCount: row.job_count,
    survivorCount: row.survivor_count,
    traceparent: row.traceparent,
  };
}

/** The run of a job that this batch touches. Errors: a job without a run is a bug. */
export function factsOf(runs: ReadonlyMap<number, RunFacts>, no: number): RunFacts {
  const facts = runs.get(no);
  if (facts === undefined) throw new Error(`there is no run ${no}`);
  return facts;
}
