import { nearest } from '../suggest.js';
import { type Condition, ConditionError, type Reference, references } from './expression.js';

/** The keys of the jobs that the condition asks about, each once, in the order written. */
export function referencedNeeds(condition: Condition): string[] {
  return [...new Set(needReferences(condition).map((reference) => reference.job))];
}

/** Whether the job may still run once its run was cancelled: its condition says `always()` or `cancelled()`. */
export function runsAfterCancel(condition: Condition | null): boolean {
  if (condition === null) return false;
  return references(condition.root).some(
    (reference) => reference.kind === 'status' && (reference.name === 'always' || reference.name === 'cancelled'),
  );
}

/** One error for each job that the condition asks about although the job does not need it. */
export function checkNeedsOf(condition: Condition, needs: ReadonlySet<string>): ConditionError[] {
  const errors = new Map<string, ConditionError>();
  for (const { job, start } of needReferences(condition)) {
    if (needs.has(job) || errors.has(job)) continue;
    const near = nearest(job, needs);
    const hint = near === null ? '' : `, did you mean "${near}"?`;
    errors.set(job, new ConditionError(`it asks about "${job}", which is not among the job's needs${hint}`, start));
  }
  return [...errors.values()];
}

function needReferences(condition: Condition): (Reference & { kind: 'result' | 'output' })[] {
  return references(condition.root).filter(
    (reference): reference is Reference & { kind: 'result' | 'output' } =>
      reference.kind === 'result' || reference.kind === 'output',
  );
}
