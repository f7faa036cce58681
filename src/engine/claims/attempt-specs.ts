import type { JobSpec } from '../../domain/definition/job-spec.js';
import { attemptSpec, nameOfChild } from '../../domain/job-values.js';
import type { Combination } from '../../domain/matrix/matrix-spec.js';
import { ordinalOfJob, runOfJob } from '../../store/job-id.js';
import type { KnownJob } from '../memory/job-specs.js';
import { needResults } from '../memory/need-results.js';
import { factsOf, type RunInfo, runValuesOf } from '../memory/run-info.js';
import type { Batch } from '../writer/batch.js';

/** An attempt of a job and the job's specification. */
export interface AttemptOf {
  readonly job: number;
  readonly attempt: number;
  readonly known: KnownJob;
  /** Of a child: its values as JSON. */
  readonly matrix: string | null;
}

/**
 * The specifications that workers get, in the order of the attempts. Only jobs with expressions cost a row. That their
 * expressions have values was checked when the jobs became claimable.
 */
export async function attemptSpecs(
  batch: Batch,
  runs: ReadonlyMap<number, RunInfo>,
  attempts: readonly AttemptOf[],
): Promise<readonly JobSpec[]> {
  const places = attempts
    .filter(({ known }) => known.expressions !== null && known.needs > 0)
    .map(({ job, known }) => {
      const run = runOfJob(job);
      return { run, version: factsOf(runs, run).version, ord: ordinalOfJob(job), known };
    });
  const needs = await needResults(batch.connection, places);
  const valuesOf = await runValuesOf(
    batch.connection,
    runs,
    attempts.map(({ job, known }) => ({ run: runOfJob(job), known })),
  );
  return attempts.map(({ job, attempt, known, matrix }) => {
    if (known.expressions === null) return known.spec;
    const facts = factsOf(runs, runOfJob(job));
    const context = {
      needs: needs.get(job) ?? new Map(),
      inputs: facts.inputs,
      runCancelled: false,
      vars: facts.vars,
      run: valuesOf(facts.no),
      job: { key: known.key, index: known.child?.index ?? null, attempt },
      ...(matrix === null ? {} : { matrix: JSON.parse(matrix) as Combination }),
    };
    const spec = attemptSpec(known.spec, known.expressions, context);
    return known.child === null ? spec : { ...spec, name: nameOfChild(spec, context) };
  });
}
