import { isTrue } from './compare.js';
import { type ConditionContext, evaluate, lookUp, status } from './evaluate.js';
import { type Condition, type ConditionValue, references } from './expression.js';

export type { ConditionContext } from './evaluate.js';

/**
 * Whether the job runs. Null stands for a job without `if`: `success()`. A condition without a status function means
 * `success() && (…)`.
 *
 * @throws EvaluationError when the condition has no value
 */
export function decideCondition(condition: Condition | null, context: ConditionContext): boolean {
  if (impliesSuccess(condition) && !status('success', context)) return false;
  return condition === null || isTrue(evaluate(condition.root, context));
}

/** One value that a decision used. */
export interface ExplainedValue {
  /** As written in the condition. */
  readonly text: string;
  /** Null for an output or input that is missing. */
  readonly value: ConditionValue;
}

/** The values that {@link decideCondition} reads, each once, in the order written; an implied `success()` first. */
export function explainCondition(condition: Condition | null, context: ConditionContext): ExplainedValue[] {
  const values = new Map<string, ConditionValue>();
  if (impliesSuccess(condition)) values.set('success()', status('success', context));
  if (condition !== null) {
    for (const reference of references(condition.root)) {
      values.set(condition.source.slice(reference.start, reference.end), lookUp(reference, context));
    }
  }
  return [...values].map(([text, value]) => ({ text, value }));
}

function impliesSuccess(condition: Condition | null): boolean {
  return condition === null || !references(condition.root).some((reference) => reference.kind === 'status');
}
