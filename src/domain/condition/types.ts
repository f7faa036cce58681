import { nearest } from '../suggest.js';
import { ConditionError, type Expression, needResults } from './expression.js';

type Type = 'text' | 'number' | 'boolean' | 'null';

/**
 * Refuses comparisons that can never be equal, because they are always a mistake: a text with a boolean (outputs and
 * inputs are texts, so `needs.a.outputs.ok == true` means `== 'true'`), and a result with a word that is none.
 */
export function checkTypes(root: Expression): void {
  if (root.kind === 'not') checkTypes(root.operand);
  if (root.kind === 'and' || root.kind === 'or') root.operands.forEach(checkTypes);
  if (root.kind !== 'compare') return;
  checkTypes(root.left);
  checkTypes(root.right);
  const types = [typeOf(root.left), typeOf(root.right)];
  if (types.includes('text') && types.includes('boolean')) {
    throw new ConditionError(
      "a text is never equal to a boolean; compare outputs and inputs with texts, such as 'true'",
      root.start,
    );
  }
  checkResultWord(root.left, root.right);
  checkResultWord(root.right, root.left);
}

function checkResultWord(result: Expression, other: Expression): void {
  if (result.kind !== 'result' || other.kind !== 'literal') return;
  if (needResults.some((known) => known === other.value)) return;
  const near = typeof other.value === 'string' ? nearest(other.value, needResults) : null;
  const hint = near === null ? 'it is success, failure, skipped or cancelled' : `did you mean '${near}'?`;
  throw new ConditionError(`a result is never ${JSON.stringify(other.value)}, ${hint}`, other.start);
}

function typeOf(expression: Expression): Type {
  switch (expression.kind) {
    case 'literal':
      return expression.value === null
        ? 'null'
        : typeof expression.value === 'string'
          ? 'text'
          : (typeof expression.value as 'number' | 'boolean');
    case 'result':
    case 'output':
    case 'input':
      return 'text';
    case 'and':
    case 'or':
    case 'not':
    case 'compare':
    case 'status':
      return 'boolean';
  }
}
