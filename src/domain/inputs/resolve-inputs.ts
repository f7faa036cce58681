import { fieldOf } from '../definition/place.js';
import { DomainError } from '../errors.js';
import { limits, utf8Bytes } from '../limits.js';
import type { Problem } from '../problem.js';
import { HintBudget, nearest } from '../suggest.js';
import { canonicalInput } from './canonical-input.js';
import type { InputDeclaration } from './declaration.js';
import { type DefaultContext, type EvaluatedDefault, evaluateDefault } from './evaluate-default.js';

/**
 * The inputs of a run: the given ones, checked and in canonical form, and the defaults of the rest, in the order of the
 * declarations. An input that is neither given nor has a default is omitted.
 *
 * @param context what defaults with expressions read
 *
 * @param unknownFields names in the request besides the known ones, where the edge sees them
 *
 * Errors: `invalid_inputs` with every problem.
 */
export function resolveInputs(
  declarations: readonly InputDeclaration[],
  given: ReadonlyMap<string, string>,
  unknownFields: readonly string[],
  context: DefaultContext,
): ReadonlyMap<string, string> {
  const problems: Problem[] = [];
  const names = declarations.map(({ name }) => name);
  const hints = new HintBudget();
  for (const field of unknownFields) problems.push(problem(field, unknownField(field, names)));
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    problems.push(problem(fieldOf(['inputs', name]), unknownInput(name, names, hints)));
  }
  const inputs = new Map<string, string>();
  for (const declaration of declarations) {
    const { name, required } = declaration;
    const text = given.get(name);
    const field = fieldOf(['inputs', name]);
    if (text === undefined) {
      const found = defaultOf(declaration, context);
      if ('fault' in found) problems.push(problem(field, `input ${JSON.stringify(name)} ${found.fault}`));
      else if (found.text !== null) inputs.set(name, found.text);
      else if (required) problems.push(problem(field, `input ${JSON.stringify(name)} is required`));
      continue;
    }
    const canonical = canonicalInput(declaration, text);
    if (canonical.ok) inputs.set(name, canonical.text);
    else problems.push(problem(field, `input ${JSON.stringify(name)} ${canonical.fault}`));
  }
  let bytes = 0;
  for (const [name, text] of inputs) bytes += utf8Bytes(name) + utf8Bytes(text);
  if (bytes > limits.inputsBytes) {
    problems.push(problem('inputs', `the inputs take ${bytes} bytes; at most ${limits.inputsBytes} are allowed`));
  }
  if (problems.length > 0) throw invalidInputs(problems);
  return inputs;
}

function defaultOf(declaration: InputDeclaration, context: DefaultContext): EvaluatedDefault {
  const { default: text, defaultExpression: source } = declaration;
  return source === undefined ? { text } : evaluateDefault(declaration, source, context);
}

/** The error of a start with invalid inputs; it names the first problem, and holds all up to a limit. */
function invalidInputs(problems: readonly Problem[]): DomainError {
  const kept = problems.slice(0, limits.problemsReported);
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new DomainError('invalid_inputs', `The run cannot start: ${kept[0]?.message ?? ''}${more}`, {
    problems: kept,
  });
}

function unknownInput(name: string, names: readonly string[], hints: HintBudget): string {
  const near = nearest(name, names, hints);
  const hint = near === null ? there(names) : `, did you mean ${JSON.stringify(near)}?`;
  return `the workflow declares no input ${JSON.stringify(name)}${hint}`;
}

function there(names: readonly string[]): string {
  if (names.length === 0) return '; it takes none';
  return names.length > 10 ? '' : `; it has ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}

function unknownField(field: string, names: readonly string[]): string {
  const example = names.includes(field) ? field : (names[0] ?? null);
  const form = example === null ? '' : `; inputs go into "inputs": {"inputs": {${JSON.stringify(example)}: …}}`;
  return `the request has an unknown field ${JSON.stringify(field)}${form}`;
}

function problem(field: string, message: string): Problem {
  return { message, field, job: null, file: null, line: null, column: null };
}
