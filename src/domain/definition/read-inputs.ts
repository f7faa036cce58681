import type { DeclaredInputs } from '../condition/expression.js';
import { sites } from '../condition/site.js';
import { hasExpression, unescapeText } from '../condition/template.js';
import { canonicalInput } from '../inputs/canonical-input.js';
import { type InputDeclaration, type InputType, inputTypes, inputVariable } from '../inputs/declaration.js';
import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, describe, type Subject, shortText, textFault, theWorkflow } from './checker.js';
import { inputKeys } from './input-keys.js';
import { keyAt, type Place, valueAt } from './place.js';
import { checkTemplate } from './read-expressions.js';
import { isSourceObject, type SourceObject, type SourceValue, toJson, WrittenNumber } from './source.js';
import { inputNamePattern } from './value-schemas.js';

/** Reads the `inputs` of a file. Null when the key is absent and any inputs are accepted. */
export function readInputs(
  checker: Checker,
  value: SourceValue | undefined,
  place: Place,
): readonly InputDeclaration[] | null {
  if (value === undefined) return null;
  if (value === null) {
    checker.say(theWorkflow, '"inputs" is empty; write {} for a workflow that takes none', keyAt(null, 'inputs'));
    return null;
  }
  const object = checker.object(theWorkflow, 'inputs', value, place, 'a map of names to declarations');
  if (object === null) return null;
  const names = Object.keys(object);
  if (names.length > limits.inputsPerWorkflow) {
    checker.say(
      theWorkflow,
      `"inputs" has ${names.length} entries; at most ${limits.inputsPerWorkflow} are allowed`,
      place,
    );
    return [];
  }
  const declarations: InputDeclaration[] = [];
  const variables = new Map<string, string>();
  for (const name of names) {
    const subject: Subject = { label: `input ${shortText(name)}`, job: null };
    if (!checkName(checker, name, keyAt(place, name))) continue;
    const variable = inputVariable(name);
    const before = variables.get(variable);
    if (before !== undefined) {
      checker.say(subject, `jobs would find it in ${variable}, as input ${shortText(before)}`, keyAt(place, name));
    }
    variables.set(variable, name);
    const declaration = readDeclaration(checker, subject, name, object[name] ?? null, valueAt(place, name));
    if (declaration !== null) declarations.push(declaration);
  }
  return declarations;
}

/** The declarations in the form of the expression parser. */
export function declaredInputs(declarations: readonly InputDeclaration[] | null): DeclaredInputs {
  return declarations === null ? null : new Map(declarations.map((declaration) => [declaration.name, declaration]));
}

function checkName(checker: Checker, name: string, place: Place): boolean {
  if (name.length > limits.inputNameChars) {
    const said = `the input name ${shortText(name)} has ${name.length} characters; at most ${limits.inputNameChars} are allowed`;
    checker.say(theWorkflow, said, place);
    return false;
  }
  if (inputNamePattern.test(name)) return true;
  const rule = 'must begin with a letter or "_", then letters, digits, "_" and "-"';
  checker.say(theWorkflow, `the input name ${shortText(name)} ${rule}`, place);
  return false;
}

function readDeclaration(
  checker: Checker,
  subject: Subject,
  name: string,
  value: SourceValue,
  place: Place,
): InputDeclaration | null {
  // `note:` with nothing after it declares an optional string.
  const object = value === null ? {} : value;
  if (!isSourceObject(object)) {
    checker.say(subject, `it must be a map such as {type: boolean, default: false}, not ${describe(object)}`, place);
    return null;
  }
  const field = (key: string): SourceValue | undefined => ownField(object, key);
  const at = (key: string): Place => valueAt(place, key);
  checker.unknownKeys(subject, object, inputKeys, place);
  const type = readType(checker, subject, field('type'), at('type'));
  if (type === null) return null;
  refuseKeysOfOtherTypes(checker, subject, object, type, place);
  const min = readNumber(checker, subject, 'min', field('min'), at('min'));
  const max = readNumber(checker, subject, 'max', field('max'), at('max'));
  if (min !== null && max !== null && min > max) {
    checker.say(subject, `"min" is ${min}, which is more than "max", ${max}`, at('min'));
  }
  const declaration: InputDeclaration = {
    name,
    type,
    description: readDescription(checker, subject, field('description'), at('description')),
    required: readBoolean(checker, subject, 'required', field('required'), at('required')),
    default: null,
    options: type === 'choice' ? readOptions(checker, subject, field('options'), place) : null,
    min,
    max,
    integer: readBoolean(checker, subject, 'integer', field('integer'), at('integer')),
    maxLength: checker.wholeNumber(
      subject,
      'max_length',
      field('max_length'),
      at('max_length'),
      1,
      limits.inputValueBytes,
    ),
  };
  const byDefault = field('default');
  if (typeof byDefault === 'string' && hasExpression(byDefault)) {
    const parseFor = { site: sites.inputDefault, inputs: null };
    checkTemplate(checker, subject, '"default"', byDefault, at('default'), parseFor);
    return { ...declaration, defaultExpression: byDefault };
  }
  return { ...declaration, default: readDefault(checker, subject, declaration, byDefault, at('default')) };
}

function readType(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): InputType | null {
  if (value === undefined || value === null) return 'string';
  const type = inputTypes.find((known) => known === value);
  if (type !== undefined) return type;
  const known = inputTypes.map((one) => `"${one}"`).join(', ');
  return checker.wrongType(subject, 'type', `one of ${known}`, value, place);
}

const typeOfKey = new Map<string, InputType>([
  ['options', 'choice'],
  ['min', 'number'],
  ['max', 'number'],
  ['integer', 'number'],
  ['max_length', 'string'],
]);

function refuseKeysOfOtherTypes(
  checker: Checker,
  subject: Subject,
  object: SourceObject,
  type: InputType,
  place: Place,
): void {
  for (const [key, of] of typeOfKey) {
    if (of === type || ownField(object, key) === undefined) continue;
    checker.say(subject, `"${key}" is for an input of type ${of}, and this one is of type ${type}`, keyAt(place, key));
  }
}

function readDescription(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
): string | null {
  const text = checker.script(subject, 'description', value, place);
  if (text === null || text.length <= limits.inputDescriptionChars) return text;
  const most = limits.inputDescriptionChars;
  checker.say(subject, `"description" has ${text.length} characters; at most ${most} are allowed`, place);
  return null;
}

function readBoolean(
  checker: Checker,
  subject: Subject,
  key: string,
  value: SourceValue | undefined,
  place: Place,
): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  checker.wrongType(subject, key, 'true or false', value, place);
  return false;
}

function readNumber(
  checker: Checker,
  subject: Subject,
  key: string,
  value: SourceValue | undefined,
  place: Place,
): number | null {
  if (value === undefined || value === null) return null;
  const number = value instanceof WrittenNumber ? value.value : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return checker.wrongType(subject, key, 'a number', value, place);
}

function readOptions(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): string[] {
  const at = valueAt(place, 'options');
  if (value === undefined || value === null) {
    checker.say(subject, 'an input of type choice needs "options", a list of texts', place);
    return [];
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.inputOptions) {
    checker.wrongType(subject, 'options', `a list of 1 to ${limits.inputOptions} texts`, value, at);
    return [];
  }
  const options: string[] = [];
  for (const [index, item] of value.entries()) {
    const text = scalarText(item);
    const fault = text === null ? `must be a text, not ${describe(item)}` : textFault(text);
    if (text !== null && fault === null && !options.includes(text)) options.push(text);
    else {
      const said = fault ?? `${shortText(text ?? '')} appears twice`;
      checker.say(subject, `"options" entry ${index + 1}: ${said}`, valueAt(at, index));
    }
  }
  return options;
}

function readDefault(
  checker: Checker,
  subject: Subject,
  declaration: InputDeclaration,
  value: SourceValue | undefined,
  place: Place,
): string | null {
  if (value === undefined || value === null) return null;
  const text = inputText(declaration, value);
  if (text === null) return checker.wrongType(subject, 'default', 'a text, a number or a boolean', value, place);
  const canonical = canonicalInput(declaration, typeof value === 'string' ? unescapeText(text) : text);
  if (canonical.ok) return canonical.text;
  checker.say(subject, `its default ${canonical.fault}`, place);
  return null;
}

/** The text of an input's value in a file; null for a list or a map where none fits. */
export function inputText(declaration: InputDeclaration | null, value: SourceValue): string | null {
  return declaration?.type === 'json' ? JSON.stringify(toJson(value)) : scalarText(value);
}

/** Numbers in their written form; null for a list or a map. */
function scalarText(value: SourceValue): string | null {
  if (value instanceof WrittenNumber) return value.text;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
