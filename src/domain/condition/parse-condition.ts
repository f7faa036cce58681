import { limits } from '../limits.js';
import type { Condition, DeclaredInputs } from './expression.js';
import { ConditionError } from './expression.js';
import { parseExpression } from './parse-expression.js';
import { sites } from './site.js';

/**
 * Parses an `if`, which may be wrapped in `${{ }}` as a whole. The grammar is that of `parseExpression`.
 *
 * @throws ConditionError and nothing else
 */
export function parseCondition(source: string, inputs: DeclaredInputs = null): Condition {
  if (source.length > limits.conditionChars) {
    throw new ConditionError(
      `the condition has ${source.length} characters; at most ${limits.conditionChars} are allowed`,
      0,
    );
  }
  const wrapped = /^\s*\$\{\{/.exec(source);
  const closing = wrapped === null ? null : /\}\}\s*$/.exec(source);
  if (wrapped !== null && closing === null) {
    throw new ConditionError(`the condition begins with "\${{" but does not end with "}}"`, source.length);
  }
  const start = wrapped?.[0].length ?? 0;
  const root = parseExpression(source, start, closing?.index ?? source.length, { site: sites.if, inputs });
  return { source, root };
}
