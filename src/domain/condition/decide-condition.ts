import { ownField } from '../json.js';
import {
  type CompareOperator,
  type Condition,
  type ConditionValue,
  type Expression,
  type NeedResult,
  type Reference,
  references,
  type StatusFunction,
} from './expression.js';

type Texts = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** What a condition is decided on: how the job's needs ended, and the run. */
export interface ConditionContext {
  /** The job's direct needs, by key; all of them have ended. */
  readonly needs: ReadonlyMap<string, { readonly result: NeedResult; readonly outputs: Texts }>;
  /** The inputs that the run was started with. */
  readonly inputs: Texts;
  /** Whether the run was cancelled. */
  readonly runCancelled: boolean;
}

/**
 * Whether the job is to run. Null stands for a job without `if`: `success()`. A condition without a status function
 * means `success() && (…)`.
 */
export function decideCondition(condition: Condition | null, context: ConditionContext): boolean {
  if (impliesSuccess(condition) && !status('success', context)) return false;
  return condition === null || isTrue(evaluate(condition.root, context));
}

/** One value that a decision was made on. */
export interface ExplainedValue {
  /** As it stands in the condition. */
  readonly text: string;
  /** Null for an output or input that is missing. */
  readonly value: ConditionValue;
}

/** The values that {@link decideCondition} looks at, each once, in the order written; an implied `success()` first. */
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

function evaluate(expression: Expression, context: ConditionContext): ConditionValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'not':
      return !isTrue(evaluate(expression.operand, context));
    case 'and':
      return expression.operands.every((operand) => isTrue(evaluate(operand, context)));
    case 'or':
      return expression.operands.some((operand) => isTrue(evaluate(operand, context)));
    case 'compare':
      return compare(expression.operator, evaluate(expression.left, context), evaluate(expression.right, context));
    default:
      return lookUp(expression, context);
  }
}

function lookUp(reference: Reference, context: ConditionContext): ConditionValue {
  switch (reference.kind) {
    case 'status':
      return status(reference.name, context);
    case 'result':
      return context.needs.get(reference.job)?.result ?? null;
    case 'output': {
      const need = context.needs.get(reference.job);
      return need === undefined ? null : textOf(need.outputs, reference.key);
    }
    case 'input':
      return textOf(context.inputs, reference.key);
  }
}

function status(name: StatusFunction, { needs, runCancelled }: ConditionContext): boolean {
  const results = [...needs.values()].map((need) => need.result);
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

function textOf(texts: Texts, key: string): string | null {
  const text = texts instanceof Map ? texts.get(key) : ownField(texts as Readonly<Record<string, string>>, key);
  return text ?? null;
}

/** False, 0, the empty text and null are false; all else is true, the text `false` too. */
function isTrue(value: ConditionValue): boolean {
  return Boolean(value);
}

function compare(operator: CompareOperator, left: ConditionValue, right: ConditionValue): boolean {
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case '<':
      return isLess(left, right);
    case '>':
      return isLess(right, left);
    case '<=':
      return isLess(left, right) || (isOrdered(left, right) && equalInOrder(left, right));
    case '>=':
      return isLess(right, left) || (isOrdered(left, right) && equalInOrder(left, right));
  }
}

/** Two texts are equal when they are the same; a text and a number when the text is that number; null equals ''. */
function equal(left: ConditionValue, right: ConditionValue): boolean {
  if (left === null || right === null) return (left ?? '') === (right ?? '');
  if (typeof left === 'number' || typeof right === 'number') {
    const numbers = asNumbers(left, right);
    return numbers !== null && numbers[0] === numbers[1];
  }
  return left === right;
}

/** By number when both are numbers or texts that are numbers; two other texts by their characters; else not at all. */
function isLess(left: ConditionValue, right: ConditionValue): boolean {
  const numbers = asNumbers(left, right);
  if (numbers !== null) return numbers[0] < numbers[1];
  return typeof left === 'string' && typeof right === 'string' && left < right;
}

function isOrdered(left: ConditionValue, right: ConditionValue): boolean {
  return asNumbers(left, right) !== null || (typeof left === 'string' && typeof right === 'string');
}

function equalInOrder(left: ConditionValue, right: ConditionValue): boolean {
  const numbers = asNumbers(left, right);
  return numbers === null ? left === right : numbers[0] === numbers[1];
}

function asNumbers(left: ConditionValue, right: ConditionValue): [number, number] | null {
  const a = asNumber(left);
  const b = asNumber(right);
  return a === null || b === null ? null : [a, b];
}

const numeric = /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

function asNumber(value: ConditionValue): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && numeric.test(value) ? Number(value) : null;
}
