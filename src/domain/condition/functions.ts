import { isJsonObject } from '../json.js';
import { limits, utf8Bytes } from '../limits.js';
import type { ConditionValue, ValueFunction } from './expression.js';

/** Why an expression has no value; ends its job. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** The remaining cost of one job's expressions, so that no definition keeps the server busy. */
export class EvaluationBudget {
  #left: number;

  constructor(steps: number = limits.evaluationSteps) {
    this.#left = steps;
  }

  /** @throws EvaluationError when it is used up */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left >= 0) return;
    throw new EvaluationError(`the expressions of the job take more than ${limits.evaluationSteps} steps`);
  }
}

interface FunctionRule {
  readonly parameters: readonly string[];
  readonly result: 'text' | 'number' | 'boolean' | 'any';
  call(operands: readonly ConditionValue[], budget: EvaluationBudget): ConditionValue;
}

/** The functions of values. Their names are case-sensitive. */
export const functionRules: Readonly<Record<ValueFunction, FunctionRule>> = {
  contains: {
    parameters: ['text or list', 'x'],
    result: 'boolean',
    call([all = null, part = null], budget) {
      if (Array.isArray(all)) {
        budget.take(all.length);
        return all.some((item) => JSON.stringify(item) === JSON.stringify(part));
      }
      return textOf('contains', all, budget).includes(textOf('contains', part, budget));
    },
  },
  startsWith: {
    parameters: ['text', 'beginning'],
    result: 'boolean',
    call: ([text = null, part = null], budget) =>
      textOf('startsWith', text, budget).startsWith(textOf('startsWith', part, budget)),
  },
  endsWith: {
    parameters: ['text', 'end'],
    result: 'boolean',
    call: ([text = null, part = null], budget) =>
      textOf('endsWith', text, budget).endsWith(textOf('endsWith', part, budget)),
  },
  default: {
    parameters: ['a', 'b'],
    result: 'any',
    call: ([a = null, b = null]) => (a === null || a === '' ? b : a),
  },
  fromJSON: {
    parameters: ['text'],
    result: 'any',
    call([text = null], budget) {
      if (typeof text !== 'string') throw new EvaluationError(`fromJSON() takes a text, not ${kindOf(text)}`);
      charge(text, budget);
      try {
        return JSON.parse(text) as ConditionValue;
      } catch {
        throw new EvaluationError(`fromJSON(): ${shortText(text)} is not JSON`);
      }
    },
  },
  toJSON: { parameters: ['x'], result: 'text', call: ([value = null], budget) => made(JSON.stringify(value), budget) },
  join: {
    parameters: ['list', 'separator'],
    result: 'text',
    call([list = null, separator = null], budget) {
      if (!Array.isArray(list)) throw new EvaluationError(`join() takes a list, not ${kindOf(list)}`);
      budget.take(list.length);
      const between = textOf('join', separator, budget);
      let text = '';
      for (const [at, item] of list.entries()) text = made(text + (at === 0 ? '' : between) + asText(item), null);
      charge(text, budget);
      return text;
    },
  },
  length: {
    parameters: ['x'],
    result: 'number',
    call([value = null]) {
      if (value === null) return 0;
      if (typeof value === 'string' || Array.isArray(value)) return value.length;
      if (isJsonObject(value)) return Object.keys(value).length;
      throw new EvaluationError(`length() takes a text, a list or a map, not ${kindOf(value)}`);
    },
  },
};

/** A value as part of a longer text: a text unchanged, null as the empty text, all else as JSON. */
export function asText(value: ConditionValue): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

export function kindOf(value: ConditionValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${shortText(value)}`;
    case 'object':
      return 'a map';
    default:
      return `the ${typeof value} ${value}`;
  }
}

/** @throws EvaluationError for a text that is too long */
export function made(text: string, budget: EvaluationBudget | null): string {
  if (text.length > limits.expressionResultBytes || utf8Bytes(text) > limits.expressionResultBytes) {
    throw new EvaluationError(`the text takes more than ${limits.expressionResultBytes} bytes`);
  }
  if (budget !== null) charge(text, budget);
  return text;
}

function charge(text: string, budget: EvaluationBudget): void {
  budget.take(text.length >> 10);
}

/** Numbers and booleans convert to texts; lists and maps do not. */
function textOf(name: ValueFunction, value: ConditionValue, budget: EvaluationBudget): string {
  if (typeof value === 'object' && value !== null) {
    throw new EvaluationError(`${name}() takes texts, not ${kindOf(value)}`);
  }
  const text = asText(value);
  charge(text, budget);
  return text;
}

function shortText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
