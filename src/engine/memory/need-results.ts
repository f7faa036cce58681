import type { ConditionContext, NeedOutcome } from '../../domain/condition/evaluate.js';
import type { NeedResult } from '../../domain/condition/expression.js';
import { hasEnded } from '../../domain/states.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf } from '../../store/job-id.js';
import { needsOfJobs, outputsOfJobs } from '../../store/statements/jobs.js';
import type { KnownJob } from './job-specs.js';

/** A job whose expressions are about to be evaluated. */
export interface EvaluatedJob {
  readonly run: number;
  readonly version: number;
  readonly ord: number;
  readonly known: KnownJob;
}

type Outputs = Readonly<Record<string, string>>;

/**
 * How the needs of jobs ended, by job and key. Outputs are read only where an expression names them, and once for all
 * jobs that read them: a thousand jobs may need the one whose outputs take a megabyte.
 *
 * Errors: a need that has not ended is a bug.
 */
export async function needResults(
  connection: Connection,
  jobs: readonly EvaluatedJob[],
): Promise<ReadonlyMap<number, ConditionContext['needs']>> {
  if (jobs.length === 0) return new Map();
  // A child has the needs of its node.
  const places = jobs.map(({ run, version, ord, known }) => {
    return { job: jobIdOf(run, ord), run, version, ord: known.child?.ord ?? ord };
  });
  const needs = await needsOfJobs.run(connection, { rows: places });
  const readBy = new Map(jobs.map(({ run, ord, known }) => [jobIdOf(run, ord), known.outputsRead]));
  const read = needs.filter(({ job, key }) => readBy.get(job)?.has(key) === true);
  const outputs = await outputsOf(connection, new Set(read.map(({ need }) => need)));
  const byJob = new Map<number, Map<string, NeedOutcome>>();
  for (const { job, need, key, state, tolerated, count, failed } of needs) {
    if (!hasEnded(state)) throw new Error(`job ${job} is decided while its need ${key} is ${state}`);
    let results = byJob.get(job);
    if (results === undefined) {
      results = new Map();
      byJob.set(job, results);
    }
    results.set(key, {
      result: state as NeedResult,
      outputs: outputs.get(need) ?? {},
      isTolerated: tolerated === 1,
      ...(count === null || failed === null ? {} : { children: { count, failed } }),
    });
  }
  return byJob;
}

async function outputsOf(connection: Connection, jobs: ReadonlySet<number>): Promise<ReadonlyMap<number, Outputs>> {
  if (jobs.size === 0) return new Map();
  const rows = await outputsOfJobs.run(connection, { rows: [...jobs].map((id) => ({ id })) });
  return new Map(rows.map(({ id, outputs }) => [id, JSON.parse(outputs) as Outputs]));
}
