import type { InputDeclaration } from '../inputs/declaration.js';
import type { JsonValue } from '../json.js';

/** The value of an expression. A missing value is null. */
export type ConditionValue = JsonValue;

export type StatusFunction = 'success' | 'failure' | 'always' | 'cancelled';

/** The result of a need in a condition. */
export type NeedResult = 'success' | 'failure' | 'skipped' | 'cancelled';

export const needResults: readonly NeedResult[] = ['success', 'failure', 'skipped', 'cancelled'];

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** The fields of `run`: how the run came about. */
export const runFields = ['id', 'workflow', 'name', 'trigger', 'scheduled_at', 'started_by', 'generation'] as const;
export type RunField = (typeof runFields)[number];

/** The fields of `job`. The index is null for a job that is in no group. */
export const jobFields = ['key', 'index', 'attempt'] as const;
export type JobField = (typeof jobFields)[number];

/** Functions of values; the four status functions are separate. */
export const valueFunctions = [
  'contains',
  'startsWith',
  'endsWith',
  'default',
  'fromJSON',
  'toJSON',
  'join',
  'length',
] as const;
export type ValueFunction = (typeof valueFunctions)[number];

/** The declared inputs by name. Null for a workflow that declares none: any input may be named, and all are texts. */
export type DeclaredInputs = ReadonlyMap<string, Pick<InputDeclaration, 'type' | 'options'>> | null;

/** Position of a part in the source, in UTF-16 units from 0, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A value that evaluation reads. */
export type Reference =
  | ({ readonly kind: 'status'; readonly name: StatusFunction } & Span)
  | ({ readonly kind: 'result'; readonly job: string } & Span)
  | ({ readonly kind: 'count'; readonly job: string; readonly of: 'count' | 'failed' } & Span)
  | ({ readonly kind: 'matrix'; readonly key: string } & Span)
  | ({ readonly kind: 'output'; readonly job: string; readonly key: string } & Span)
  | ({ readonly kind: 'input'; readonly key: string; readonly type: InputDeclaration['type'] } & Span)
  | ({ readonly kind: 'variable'; readonly key: string } & Span)
  | ({ readonly kind: 'run'; readonly field: RunField } & Span)
  | ({ readonly kind: 'job'; readonly field: JobField } & Span);

export type Expression =
  | Reference
  | ({ readonly kind: 'literal'; readonly value: ConditionValue } & Span)
  | ({ readonly kind: 'member'; readonly of: Expression; readonly key: string | number } & Span)
  | ({ readonly kind: 'call'; readonly name: ValueFunction; readonly operands: readonly Expression[] } & Span)
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
  /** As written, including `${{ }}`. */
  readonly source: string;
  readonly root: Expression;
}

/** A condition or another expression that cannot be parsed, or can never mean what it says. */
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

/** Every value that the expression reads, in the order written, with repeats. */
export function references(root: Expression): Reference[] {
  const found: Reference[] = [];
  const visit = (expression: Expression): void => {
    switch (expression.kind) {
      case 'literal':
        return;
      case 'not':
        visit(expression.operand);
        return;
      case 'member':
        visit(expression.of);
        return;
      case 'call':
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
