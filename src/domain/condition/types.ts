import { nearest } from '../suggest.js';
import { ConditionError, type Expression, needResults } from './expression.js';
import { functionRules } from './functions.js';
import type { ParseFor } from './site.js';

type Type = 'text' | 'number' | 'boolean' | 'null' | 'any';

/** Refuses expressions that can never mean what they say: see docs/conditions.md. */
export function checkTypes(root: Expression, parseFor: ParseFor): void {
  check(root, parseFor);
  if (!parseFor.site.isCondition) checkOperandAsValue(root);
}

function check(expression: Expression, parseFor: ParseFor): void {
  switch (expression.kind) {
    case 'not':
      check(expression.operand, parseFor);
      return;
    case 'member':
      check(expression.of, parseFor);
      return;
    case 'and':
    case 'or':
      for (const operand of expression.operands) check(operand, parseFor);
      return;
    case 'call':
      for (const operand of expression.operands) check(operand, parseFor);
      for (const operand of expression.operands) checkOperandAsValue(operand);
      if (expression.name === 'fromJSON') checkFromJson(expression.operands);
      return;
    case 'compare':
      check(expression.left, parseFor);
      check(expression.right, parseFor);
      checkComparison(expression.left, expression.right, expression.start, parseFor);
      return;
    default:
      return;
  }
}

function checkComparison(left: Expression, right: Expression, start: number, parseFor: ParseFor): void {
  checkBooleanInput(left, right);
  checkBooleanInput(right, left);
  const types = [typeOf(left), typeOf(right)];
  if (types.includes('text') && types.includes('boolean')) {
    throw new ConditionError(
      "a text is never equal to a boolean; compare outputs and inputs with texts, such as 'true'",
      start,
    );
  }
  checkResultWord(left, right);
  checkResultWord(right, left);
  checkOption(left, right, parseFor);
  checkOption(right, left, parseFor);
}

/** An input that is declared as a boolean is no text. */
function checkBooleanInput(input: Expression, other: Expression): void {
  if (input.kind !== 'input' || input.type !== 'boolean' || typeOf(other) !== 'text') return;
  const name = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(input.key) ? `inputs.${input.key}` : `inputs['${input.key}']`;
  const negated = other.kind === 'literal' && other.value === 'false';
  throw new ConditionError(
    `"${input.key}" is a boolean and never equal to a text; write "${negated ? `!${name}` : name}"`,
    input.start,
  );
}

/** A choice is one of its options. */
function checkOption(input: Expression, other: Expression, { inputs }: ParseFor): void {
  if (input.kind !== 'input' || input.type !== 'choice' || other.kind !== 'literal') return;
  const options = inputs?.get(input.key)?.options ?? null;
  if (options === null || other.value === null || other.value === '') return;
  if (options.some((option) => option === other.value || Number(option) === other.value)) return;
  const near = typeof other.value === 'string' ? nearest(other.value, options) : null;
  const hint = near === null ? '' : `, did you mean '${near}'?`;
  throw new ConditionError(
    `${JSON.stringify(other.value)} is not among the options of input "${input.key}"${hint}`,
    other.start,
  );
}

function checkResultWord(result: Expression, other: Expression): void {
  if (result.kind !== 'result' || other.kind !== 'literal') return;
  if (needResults.some((known) => known === other.value)) return;
  const near = typeof other.value === 'string' ? nearest(other.value, needResults) : null;
  const hint = near === null ? 'it is success, failure, skipped or cancelled' : `did you mean '${near}'?`;
  throw new ConditionError(`a result is never ${JSON.stringify(other.value)}, ${hint}`, other.start);
}

/**
 * `a
 *
 * 'x'` gives true, whatever a is: where a value is needed, `default` is meant.
 */
function checkOperandAsValue(expression: Expression): void {
  if (expression.kind !== 'or' && expression.kind !== 'and') return;
  const value = expression.operands.find((operand) => ['text', 'number'].includes(typeOf(operand)));
  if (value === undefined) return;
  const hint = expression.kind === 'or' ? '; write default(a, b) for the first of two values that is there' : '';
  const sign = expression.kind === 'or' ? '||' : '&&';
  throw new ConditionError(`"${sign}" gives true or false, not one of its operands${hint}`, expression.start);
}

/**
 * Nothing made from an attempt's number is JSON text; so whether an expression has a value is the same for every
 * attempt.
 */
function checkFromJson(operands: readonly Expression[]): void {
  const attempt = operands.find(usesAttempt);
  if (attempt !== undefined) throw new ConditionError('job.attempt cannot be read by fromJSON()', attempt.start);
  const [operand] = operands;
  const type = operand === undefined ? 'any' : typeOf(operand);
  if (operand !== undefined && (type === 'number' || type === 'boolean')) {
    throw new ConditionError(`fromJSON() takes a text, not a ${type}`, operand.start);
  }
}

function usesAttempt(expression: Expression): boolean {
  switch (expression.kind) {
    case 'job':
      return expression.field === 'attempt';
    case 'not':
      return usesAttempt(expression.operand);
    case 'member':
      return usesAttempt(expression.of);
    case 'and':
    case 'or':
    case 'call':
      return expression.operands.some(usesAttempt);
    case 'compare':
      return usesAttempt(expression.left) || usesAttempt(expression.right);
    default:
      return false;
  }
}

function typeOf(expression: Expression): Type {
  switch (expression.kind) {
    case 'literal':
      if (expression.value === null) return 'null';
      if (typeof expression.value === 'string') return 'text';
      return typeof expression.value === 'number' ? 'number' : 'boolean';
    case 'result':
    case 'output':
    case 'variable':
      return 'text';
    case 'count':
      return 'number';
    case 'matrix':
      return 'any';
    case 'run':
      return expression.field === 'generation' ? 'number' : 'text';
    case 'input':
      return typeOfInput(expression.type);
    case 'job':
      return expression.field === 'key' ? 'text' : 'any';
    case 'member':
      return 'any';
    case 'call':
      return functionRules[expression.name].result;
    case 'and':
    case 'or':
    case 'not':
    case 'compare':
    case 'status':
      return 'boolean';
  }
}

function typeOfInput(type: Extract<Expression, { kind: 'input' }>['type']): Type {
  switch (type) {
    case 'string':
    case 'choice':
      return 'text';
    case 'boolean':
    case 'number':
      return type;
    case 'json':
      return 'any';
  }
}
