import {
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  hasOption,
  type Message,
} from '@bufbuild/protobuf';
import {
  field as fieldOption,
  message as messageOption,
  oneof as oneofOption,
} from '../../gen/buf/validate/validate_pb.js';
import { ApiError } from './errors.js';
import { listRules, type ValueRule, valueRules } from './field-rules.js';
import { textRules } from './text-rules.js';

/**
 * Validates requests against the protovalidate options of the proto, compiled once for each message.
 *
 * The protovalidate library does the same in 0.3 to 0.6 µs a message, but takes 80 ms of every start and 30 MB of
 * memory for an expression language that this API does not use. So this file compiles the few standard rules that the
 * API uses; any other rule keeps the server from starting. A test compares it with the library.
 */
interface Violation {
  /** The path of the field, such as `labels[2]`. */
  readonly path: string;
  readonly message: string;
}

/** What a message violates; null for nothing, which is nearly always. */
export type Check = (message: Message) => Violations;

type Violations = readonly Violation[] | null;
type Fields = Readonly<Record<string, unknown>>;
type Part = (fields: Fields) => Violations;

const nothing: Check = () => null;

const checks = new WeakMap<DescMessage, Check | 'being compiled'>();

/** Makes the start fail when a request, or a message inside it, has unsupported rules. */
export function compileRules(schema: DescMessage): void {
  messageCheck(schema);
}

/**
 * Validates a request against the rules of the proto.
 *
 * @throws ApiError `malformed`, naming every field and its rule.
 */
export function validate(schema: DescMessage, request: Message): void {
  const violations = messageCheck(schema)(request);
  if (violations !== null) throw malformed(violations);
}

function malformed(violations: readonly Violation[]): ApiError {
  const problems = violations.map(({ path, message }) => ({
    message,
    field: path,
    job: null,
    file: null,
    line: null,
    column: null,
  }));
  return new ApiError('malformed', violations.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    problems,
  });
}

/** The check of a message and of everything inside it. */
export function messageCheck(schema: DescMessage): Check {
  const known = checks.get(schema);
  // A message that contains itself looks its own check up when it is needed.
  if (known === 'being compiled') return (message) => messageCheck(schema)(message);
  if (known !== undefined) return known;
  checks.set(schema, 'being compiled');
  if (hasOption(schema, messageOption)) {
    throw new Error(`${schema.typeName} has rules of its own, which are not supported here`);
  }
  const parts = [...schema.fields.flatMap(fieldParts), ...schema.oneofs.flatMap(oneofParts)];
  const check: Check = (message) => {
    let found: Violations = null;
    for (const part of parts) found = joined(found, part(message as unknown as Fields));
    return found;
  };
  checks.set(schema, parts.length === 0 ? nothing : check);
  return parts.length === 0 ? nothing : check;
}

function fieldParts(field: DescField): Part[] {
  switch (field.fieldKind) {
    case 'list':
      return listParts(field);
    case 'map':
      return mapParts(field);
    default:
      return singleParts(field);
  }
}

/** A field that is no list: its own rules, and those inside it when it is a message. */
function singleParts(field: DescField): Part[] {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : null;
  const own = [...textRules(field), ...(rules === null ? [] : valueRules(field, rules))];
  const inner = field.message === undefined ? nothing : messageCheck(field.message);
  const isRequired = rules?.required === true;
  if (own.length === 0 && inner === nothing && !isRequired) return [];
  const read = valueReader(field);
  return [
    (fields) => {
      const value = read(fields);
      // An unset field has no value that could be wrong.
      if (value === undefined) return isRequired ? [{ path: field.name, message: 'value is required' }] : null;
      return joined(broken(own, value, field.name), within(field.name, inner(value as Message)));
    },
  ];
}

/** A list: its rules as a whole, and those of each item. */
function listParts(field: DescField): Part[] {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : null;
  if (rules !== null && (rules.required || rules.type.case !== 'repeated')) valueRulesUnsupported(field);
  const ofList = rules?.type.case === 'repeated' ? rules.type.value : null;
  const own = ofList === null ? [] : listRules(field, ofList);
  const ofItem = [...textRules(field), ...(ofList?.items === undefined ? [] : valueRules(field, ofList.items))];
  const inner = field.message === undefined ? nothing : messageCheck(field.message);
  const parts: Part[] = [];
  const list = (fields: Fields) => fields[field.localName] as readonly unknown[];
  if (own.length > 0) parts.push((fields) => broken(own, list(fields), field.name));
  if (ofItem.length === 0 && inner === nothing) return parts;
  parts.push((fields) => {
    let found: Violations = null;
    const items = list(fields);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      const wrong = joined(broken(ofItem, item, ''), inner === nothing ? null : inner(item as Message));
      if (wrong !== null) found = joined(found, within(`${field.name}[${i}]`, wrong));
    }
    return found;
  });
  return parts;
}

/** Maps have no rules of their own in this API; rules of a map would have to be compiled here first. */
function mapParts(field: DescField): Part[] {
  const hasInner = field.message !== undefined && messageCheck(field.message) !== nothing;
  if (hasInner || hasOption(field, fieldOption)) valueRulesUnsupported(field);
  const ofValue = textRules(field);
  if (ofValue.length === 0) return [];
  return [
    (fields) => {
      let found: Violations = null;
      for (const [key, value] of Object.entries(fields[field.localName] as Fields)) {
        const wrong = joined(broken(ofValue, key, ''), broken(ofValue, value, ''));
        if (wrong !== null) found = joined(found, within(`${field.name}[${JSON.stringify(key)}]`, wrong));
      }
      return found;
    },
  ];
}

function oneofParts(oneof: DescOneof): Part[] {
  if (!hasOption(oneof, oneofOption) || !getOption(oneof, oneofOption).required) return [];
  const message = 'exactly one field is required in oneof';
  return [
    (fields) => {
      const chosen = fields[oneof.localName] as { case: string | undefined };
      return chosen.case === undefined ? [{ path: oneof.name, message }] : null;
    },
  ];
}

function valueReader({ localName, oneof }: DescField): (fields: Fields) => unknown {
  if (oneof === undefined) return (fields) => fields[localName];
  return (fields) => {
    const chosen = fields[oneof.localName] as { case: string | undefined; value: unknown };
    return chosen.case === localName ? chosen.value : undefined;
  };
}

function valueRulesUnsupported(field: DescField): never {
  throw new Error(`${field} has rules that are not supported here`);
}

function broken(rules: readonly ValueRule[], value: unknown, path: string): Violations {
  let found: Violation[] | null = null;
  for (const rule of rules) {
    const message = rule(value);
    if (message !== null) found = [...(found ?? []), { path, message }];
  }
  return found;
}

function within(path: string, violations: Violations): Violations {
  if (violations === null) return null;
  return violations.map((inner) => ({ ...inner, path: inner.path === '' ? path : `${path}.${inner.path}` }));
}

function joined(first: Violations, second: Violations): Violations {
  if (second === null) return first;
  return first === null ? second : [...first, ...second];
}
