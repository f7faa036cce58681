import type { InputType } from '../inputs/declaration.js';
import { bareObject } from '../json.js';
import { type HintBudget, nearest } from '../suggest.js';
import { type Condition, ConditionError, type DeclaredInputs, type Reference, references } from './expression.js';

/** The keys of the jobs that the condition reads, each once, in the order written. */
export function referencedNeeds(condition: Condition): string[] {
  return [
    ...new Set(
      references(condition.root)
        .filter(isOfNeed)
        .map((reference) => reference.job),
    ),
  ];
}

/** Whether the job may still run after its run was cancelled: its condition has `always()` or `cancelled()`. */
export function runsAfterCancel(condition: Condition | null): boolean {
  if (condition === null) return false;
  return references(condition.root).some(
    (reference) => reference.kind === 'status' && (reference.name === 'always' || reference.name === 'cancelled'),
  );
}

/** One error for each job that is read but is not among the needs. */
export function checkNeedsOf(
  found: readonly Reference[],
  needs: ReadonlySet<string>,
  budget: HintBudget,
): ConditionError[] {
  const errors = new Map<string, ConditionError>();
  for (const { job, start } of found.filter(isOfNeed)) {
    if (needs.has(job) || errors.has(job)) continue;
    const near = nearest(job, needs, budget);
    const hint = near === null ? '' : `, did you mean "${near}"?`;
    errors.set(job, new ConditionError(`it asks about "${job}", which is not among the job's needs${hint}`, start));
  }
  return [...errors.values()];
}

/** The server variables that are read, with repeats. */
export function variablesNamed(found: readonly Reference[]): string[] {
  return found.flatMap((reference) => (reference.kind === 'variable' ? [reference.key] : []));
}

/** The types of the inputs that are read. */
export function typesOfInputs(found: readonly Reference[]): Record<string, InputType> {
  const types = bareObject<InputType>();
  for (const reference of found) if (reference.kind === 'input') types[reference.key] = reference.type;
  return types;
}

/** The same types in the parser's form. */
export function typedInputs(types: Readonly<Record<string, InputType>> | null | undefined): DeclaredInputs {
  if (types === null || types === undefined) return null;
  return new Map(Object.entries(types).map(([name, type]) => [name, { type, options: null }]));
}

/** The outputs that the condition reads. */
export function outputReferences(condition: Condition): (Reference & { kind: 'output' })[] {
  return references(condition.root).filter(
    (reference): reference is Reference & { kind: 'output' } => reference.kind === 'output',
  );
}

function isOfNeed(reference: Reference): reference is Reference & { kind: 'result' | 'output' | 'count' } {
  return reference.kind === 'result' || reference.kind === 'output' || reference.kind === 'count';
}
