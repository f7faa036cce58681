/** The value of an expression. Outputs and inputs are texts, or null when they are missing. */
export type ConditionValue = string | number | boolean | null;

export type StatusFunction = 'success' | 'failure' | 'always' | 'cancelled';

/** How a need ended, as a condition sees it. */
export type NeedResult = 'success' | 'failure' | 'skipped' | 'cancelled';

export const needResults: readonly NeedResult[] = ['success', 'failure', 'skipped', 'cancelled'];

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** Where a part stands in the source, in UTF-16 units from 0, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A value that is looked up when the condition is decided. */
export type Reference =
  | ({ readonly kind: 'status'; readonly name: StatusFunction } & Span)
  | ({ readonly kind: 'result'; readonly job: string } & Span)
  | ({ readonly kind: 'output'; readonly job: string; readonly key: string } & Span)
  | ({ readonly kind: 'input'; readonly key: string } & Span);

export type Expression =
  | Reference
  | ({ readonly kind: 'literal'; readonly value: ConditionValue } & Span)
  | ({ readonly kind: 'not'; readonly operand: Expression } & Span)
  | ({ readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] } & Span)
  | ({
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly left: Expression;
      readonly right: Expression;
    } & Span);

/** A parsed `if`. */
export interface Condition {
  /** As it was written, `${{ }}` included. */
  readonly source: string;
  readonly root: Expression;
}

/** A condition that cannot be understood, or can never mean what it says. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  /** Where in the source, in UTF-16 units from 0. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }

  /** From 1. */
  get column(): number {
    return this.offset + 1;
  }
}

/** Every value that the expression looks up, in the order written, repeats included. */
export function references(root: Expression): Reference[] {
  const found: Reference[] = [];
  const visit = (expression: Expression): void => {
    switch (expression.kind) {
      case 'literal':
        return;
      case 'not':
        visit(expression.operand);
        return;
      case 'and':
      case 'or':
        expression.operands.forEach(visit);
        return;
      case 'compare':
        visit(expression.left);
        visit(expression.right);
        return;
      default:
        found.push(expression);
    }
  };
  visit(root);
  return found;
}
