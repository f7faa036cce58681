import { InputType } from '../../gen/workflowgraph/v1/inputs_pb.js';

/** The parts of a declared input that its field needs. */
export interface Declared {
  readonly name: string;
  readonly type: InputType;
  readonly description?: string | undefined;
  readonly required: boolean;
  readonly default?: string | undefined;
  readonly options: readonly string[];
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly integer: boolean;
  readonly maxLength?: number | undefined;
}

/** The initial values of the fields: the inputs of another run, else the defaults. */
export function firstTexts(
  declared: readonly Declared[],
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(declared.map(({ name, default: usual }) => [name, given[name] ?? usual ?? '']));
}

/**
 * The request: the texts of the fields. An empty field means that the input is absent, except for a text input that
 * would otherwise get its default.
 */
export function inputsOf(
  declared: readonly Declared[],
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = declared.flatMap(({ name, type, default: usual }) => {
    const text = texts[name] ?? '';
    const isMeant = text !== '' || (type === InputType.STRING && usual !== undefined && usual !== '');
    return isMeant ? [[name, text] as const] : [];
  });
  return Object.fromEntries(given);
}

/** A short description of the accepted values; empty if the control shows it. */
export function expected({ type, min, max, integer, maxLength }: Declared): string {
  if (type === InputType.JSON) return 'JSON';
  if (type === InputType.STRING) return maxLength === undefined ? '' : `at most ${maxLength} characters`;
  if (type !== InputType.NUMBER) return '';
  const kind = integer ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}

/** The path by which the server names an input: `inputs.target`, or `inputs["my target"]`. */
export function fieldPath(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `inputs.${name}` : `inputs[${JSON.stringify(name)}]`;
}

/** The shell command that is equivalent to the form. */
export function commandLine(workflow: string, inputs: Readonly<Record<string, string>>): string {
  const flags = Object.entries(inputs).map(([name, value]) => {
    // A text that begins with @ would be read as a file name.
    const text = value.startsWith('@') ? `@${value}` : value;
    return ` --input ${quoted(`${name}=${text}`)}`;
  });
  return `npx workflow-graph run ${quoted(workflow)}${flags.join('')}`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
