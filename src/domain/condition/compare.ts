import type { CompareOperator, ConditionValue } from './expression.js';

/** False, 0, the empty text and null are false; all else is true, the text `false` too. */
export function isTrue(value: ConditionValue): boolean {
  return Boolean(value);
}

export function compare(operator: CompareOperator, left: ConditionValue, right: ConditionValue): boolean {
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
  // Lists and maps are equal when their JSON is.
  if (typeof left === 'object' && typeof right === 'object') return JSON.stringify(left) === JSON.stringify(right);
  return left === right;
}

/** By number if both are numbers or numeric texts; two other texts by their characters; otherwise not comparable. */
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
