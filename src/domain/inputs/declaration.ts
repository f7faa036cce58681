export const inputTypes = ['string', 'boolean', 'number', 'choice', 'json'] as const;
export type InputType = (typeof inputTypes)[number];

/** One input that a workflow declares. Properties that its type does not have are null. */
export interface InputDeclaration {
  readonly name: string;
  readonly type: InputType;
  readonly description: string | null;
  readonly required: boolean;
  /** In canonical form; null when there is none. */
  readonly default: string | null;
  /** A default with expressions, as written; absent when there is none. `default` is null then. */
  readonly defaultExpression?: string;
  /** The options of a choice. */
  readonly options: readonly string[] | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Whether a number must be whole. */
  readonly integer: boolean;
  /** Of a string, in UTF-16 units. */
  readonly maxLength: number | null;
}

/** Whether a run can start without the input, as far as its declaration tells. */
export function needsValue({ required, default: fixed, defaultExpression }: InputDeclaration): boolean {
  return required && fixed === null && defaultExpression === undefined;
}

/** The environment variable in which a job gets the input. */
export function inputVariable(name: string): string {
  return `INPUT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
