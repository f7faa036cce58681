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
  /** The options of a choice. */
  readonly options: readonly string[] | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Whether a number must be whole. */
  readonly integer: boolean;
  /** Of a string, in UTF-16 units. */
  readonly maxLength: number | null;
}

/** The environment variable in which a job gets the input. */
export function inputVariable(name: string): string {
  return `INPUT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
