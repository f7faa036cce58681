import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';

/** The options for the inputs of a run. */
export interface InputFlags {
  /** Names with texts, or with `@` and the path of a file. */
  readonly input: Readonly<Record<string, string>>;
  /** A file with a JSON object, or `-` for standard input. */
  readonly inputs?: string;
}

/** A declared input, as a prompt needs it. */
export interface AskedInput {
  readonly name: string;
  readonly type: string;
  readonly description: string | null;
  readonly required: boolean;
  readonly default: string | null;
  readonly options: readonly string[] | null;
}

export type InputValues = Readonly<Record<string, unknown>>;

/** Adds one `--input` to the previous ones. */
export function addInput(text: string, inputs: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write it as key=value.');
  // A key such as __proto__ is a key like any other.
  return Object.fromEntries([...Object.entries(inputs), [text.slice(0, equals), text.slice(equals + 1)]]);
}

/** Reads the inputs of the options. `--input` wins over `--inputs`. Ends the process for an unusable file. */
export async function readInputs(command: Command, { input, inputs }: InputFlags): Promise<InputValues> {
  const values = new Map<string, unknown>(inputs === undefined ? [] : await entriesOf(command, inputs));
  for (const [name, text] of Object.entries(input)) values.set(name, await textOfInput(command, name, text));
  return Object.fromEntries(values);
}

/**
 * Prompts on the terminal for missing required inputs. Without a terminal, or with inputs from standard input, the
 * server's error names them instead.
 */
export async function askForMissing(
  flags: InputFlags,
  given: InputValues,
  declared: () => Promise<readonly AskedInput[]>,
): Promise<InputValues> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || flags.inputs === '-') return given;
  const isMissing = ({ name, required, default: fallback }: AskedInput) =>
    required && fallback === null && !Object.hasOwn(given, name);
  const missing = (await declared()).filter(isMissing);
  if (missing.length === 0) return given;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answers: [string, string][] = [];
    for (const input of missing) answers.push([input.name, await asking.question(questionOf(input))]);
    return Object.fromEntries([...Object.entries(given), ...answers]);
  } finally {
    asking.close();
  }
}

function questionOf({ name, type, description, options }: AskedInput): string {
  const kind = options !== null && options.length > 0 ? options.join(', ') : type === 'string' ? '' : type;
  const about = [description ?? '', kind].filter((part) => part !== '').map(escapeLine);
  return `${escapeLine(name)}${about.length === 0 ? '' : ` (${about.join('; ')})`}: `;
}

/** `@path` stands for the text of a file, without its last line end; `@@` for a text that begins with `@`. */
async function textOfInput(command: Command, name: string, text: string): Promise<string> {
  if (text.startsWith('@@')) return text.slice(1);
  if (!text.startsWith('@')) return text;
  return (await textOf(command, `--input ${name}`, text.slice(1))).replace(/\r?\n$/, '');
}

async function entriesOf(command: Command, path: string): Promise<[string, unknown][]> {
  const text = await textOf(command, '--inputs', path);
  const where = path === '-' ? 'standard input' : path;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return usage(command, `--inputs: ${where} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  return usage(command, `--inputs: ${where} must hold a JSON object of names and values`);
}

async function textOf(command: Command, option: string, path: string): Promise<string> {
  try {
    if (path !== '-') return await readFile(path, 'utf8');
    let text = '';
    process.stdin.setEncoding('utf8');
    for await (const piece of process.stdin) text += piece;
    return text;
  } catch (error) {
    return usage(command, `${option}: ${path} cannot be read: ${(error as Error).message}`);
  }
}

function usage(command: Command, message: string): never {
  return command.error(`error: ${escapeLine(message)}`, { exitCode: exitCodes.usage });
}
