import { exceedsBytes, limits } from '../limits.js';
import { type ConditionContext, evaluate } from './evaluate.js';
import { ConditionError, type ConditionValue, type Expression, type Reference, references } from './expression.js';
import { asText, type EvaluationBudget, made } from './functions.js';
import { parseExpression } from './parse-expression.js';
import type { ParseFor } from './site.js';

/** A text with expressions in it: `deploy to ${{ inputs.target }}`. */
export interface Template {
  readonly source: string;
  readonly parts: readonly (string | Expression)[];
}

const open = '${{';
const escaped = '$${{';

/** Whether the text contains an expression; `$${{` stands for `${{` itself. */
export function hasExpression(text: string): boolean {
  return expressionAt(text, 0) >= 0;
}

/** Unescapes a text without expressions: `${{` for each `$${{`. */
export function unescapeText(text: string): string {
  return text.includes(escaped) ? text.replaceAll(escaped, open) : text;
}

/** @throws ConditionError and nothing else */
export function parseTemplate(source: string, parseFor: ParseFor): Template {
  if (exceedsBytes(source, limits.templateBytes)) {
    throw new ConditionError(`a text with \${{ }} in it takes at most ${limits.templateBytes} bytes`, 0);
  }
  const parts: (string | Expression)[] = [];
  for (let from = 0; from < source.length; ) {
    const at = expressionAt(source, from);
    const text = unescapeText(source.slice(from, at < 0 ? source.length : at));
    if (text !== '') parts.push(text);
    if (at < 0) break;
    const end = endOfExpression(source, at);
    if (end - at > limits.conditionChars) {
      throw new ConditionError(`an expression has at most ${limits.conditionChars} characters`, at);
    }
    parts.push(parseExpression(source, at + open.length, end, parseFor));
    from = end + 2;
  }
  return { source, parts };
}

/**
 * The value of a text: if it is a single expression, that expression's value with its type; otherwise a text.
 *
 * @throws EvaluationError when it has none
 */
export function renderTemplate(
  { parts }: Template,
  context: ConditionContext,
  budget: EvaluationBudget,
): ConditionValue {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') return evaluate(only, context, budget);
  let text = '';
  for (const part of parts) {
    text = made(text + (typeof part === 'string' ? part : asText(evaluate(part, context, budget))), null);
  }
  return made(text, budget);
}

export function templateReferences({ parts }: Template): Reference[] {
  return parts.flatMap((part) => (typeof part === 'string' ? [] : references(part)));
}

/** Index of the next expression, or -1. */
function expressionAt(text: string, from: number): number {
  for (let at = text.indexOf(open, from); at >= 0; at = text.indexOf(open, at + open.length)) {
    if (at === from || text[at - 1] !== '$') return at;
  }
  return -1;
}

const quotedOrEnd = /'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|\}\}/g;

/** Index of the `}}` of an expression: the first outside of quoted texts. */
function endOfExpression(source: string, at: number): number {
  quotedOrEnd.lastIndex = at + open.length;
  for (let found = quotedOrEnd.exec(source); found !== null; found = quotedOrEnd.exec(source)) {
    if (found[0] === '}}') return found.index;
  }
  throw new ConditionError(`this "${open}" has no closing "}}"`, at);
}
