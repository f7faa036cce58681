import { inputValue } from '../inputs/canonical-input.js';
import { isJsonObject, ownField } from '../json.js';
import { compare, isTrue } from './compare.js';
import type {
  ConditionValue,
  Expression,
  JobField,
  NeedResult,
  Reference,
  RunField,
  StatusFunction,
} from './expression.js';
import { EvaluationBudget, functionRules } from './functions.js';

type Texts = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** The fields of `run`; null for absent ones. */
export type RunValues = Readonly<Partial<Record<RunField, string | number | null>>>;

/** The fields of `job`. */
type JobValues = Readonly<Record<JobField, string | number | null>>;

/** The result of a need. */
export interface NeedOutcome {
  readonly result: NeedResult;
  readonly outputs: Texts;
  /** Of a job with a matrix, whose outputs are lists as JSON: how many children it has, and how many of them failed. */
  readonly children?: { readonly count: number; readonly failed: number };
  /** Whether it failed and counts as success, by its `continue-on-error`; absent when not. */
  readonly isTolerated?: boolean;
}

/** The values of expressions: the results of the job's needs, and the run. */
export interface ConditionContext {
  /** The job's direct needs, by key; all of them have ended. */
  readonly needs: ReadonlyMap<string, NeedOutcome>;
  /** The inputs of the run, in canonical form. */
  readonly inputs: Texts;
  /** Whether the run was cancelled. */
  readonly runCancelled: boolean;
  /** The server's variables at the start of the run; none when absent. */
  readonly vars?: Texts;
  readonly run?: RunValues;
  readonly job?: JobValues;
  /** Of a child: its values. */
  readonly matrix?: Readonly<Record<string, ConditionValue>>;
}

/** @throws EvaluationError when it has no value */
export function evaluate(
  expression: Expression,
  context: ConditionContext,
  budget: EvaluationBudget = new EvaluationBudget(),
): ConditionValue {
  budget.take(1);
  const operandValue = (operand: Expression) => evaluate(operand, context, budget);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'not':
      return !isTrue(operandValue(expression.operand));
    case 'and':
      return expression.operands.every((operand) => isTrue(operandValue(operand)));
    case 'or':
      return expression.operands.some((operand) => isTrue(operandValue(operand)));
    case 'compare':
      return compare(expression.operator, operandValue(expression.left), operandValue(expression.right));
    case 'member':
      return memberOf(operandValue(expression.of), expression.key);
    case 'call':
      return functionRules[expression.name].call(expression.operands.map(operandValue), budget);
    default:
      return lookUp(expression, context);
  }
}

export function lookUp(reference: Reference, context: ConditionContext): ConditionValue {
  switch (reference.kind) {
    case 'status':
      return status(reference.name, context);
    case 'result':
      return context.needs.get(reference.job)?.result ?? null;
    case 'output': {
      const need = context.needs.get(reference.job);
      const text = need === undefined ? null : textOf(need.outputs, reference.key);
      return text === null || need?.children === undefined ? text : (JSON.parse(text) as ConditionValue);
    }
    case 'count':
      return context.needs.get(reference.job)?.children?.[reference.of] ?? null;
    case 'matrix':
      return ownField(context.matrix ?? {}, reference.key) ?? null;
    case 'input': {
      const text = textOf(context.inputs, reference.key);
      return text === null ? null : inputValue(reference.type, text);
    }
    case 'variable':
      return textOf(context.vars ?? {}, reference.key);
    case 'run':
      return context.run?.[reference.field] ?? null;
    case 'job':
      return context.job?.[reference.field] ?? null;
  }
}

export function status(name: StatusFunction, { needs, runCancelled }: ConditionContext): boolean {
  const results = [...needs.values()].map((need) => (need.isTolerated === true ? 'success' : need.result));
  switch (name) {
    case 'success':
      return !runCancelled && results.every((result) => result === 'success');
    case 'failure':
      return results.includes('failure');
    case 'cancelled':
      return runCancelled || results.includes('cancelled');
    case 'always':
      return true;
  }
}

function memberOf(value: ConditionValue, key: string | number): ConditionValue {
  if (Array.isArray(value)) return typeof key === 'number' ? (value[key] ?? null) : null;
  return isJsonObject(value) ? (ownField(value, String(key)) ?? null) : null;
}

function textOf(texts: Texts, key: string): string | null {
  const text = texts instanceof Map ? texts.get(key) : ownField(texts as Readonly<Record<string, string>>, key);
  return text ?? null;
}
