import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  type DoubleRules,
  DoubleRulesSchema,
  type FieldRules,
  FieldRulesSchema,
  type RepeatedRules,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
  type UInt32Rules,
  UInt32RulesSchema,
} from '../../gen/buf/validate/validate_pb.js';

/** What a value violates, in the words of protovalidate; null for nothing. */
export type ValueRule = (value: unknown) => string | null;

/** The rules of one value: of a field that is no list, or of a list's items. Throws for an unsupported rule. */
export function valueRules(field: DescField, rules: FieldRules): ValueRule[] {
  onlyKnown(field, FieldRulesSchema, rules, ['required', 'string', 'repeated', 'double', 'uint32']);
  switch (rules.type.case) {
    case undefined:
      return [];
    case 'string':
      return stringRules(field, rules.type.value);
    case 'double':
      return doubleRules(field, rules.type.value);
    case 'uint32':
      return uint32Rules(field, rules.type.value);
    default:
      throw new Error(`${field} has a rule for ${rules.type.case}, which is not supported here`);
  }
}

/** The rules of a list as a whole. */
export function listRules(field: DescField, rules: RepeatedRules): ValueRule[] {
  const set = onlyKnown(field, RepeatedRulesSchema, rules, ['min_items', 'max_items', 'items']);
  const found: ValueRule[] = [];
  const [least, most] = [Number(rules.minItems), Number(rules.maxItems)];
  const length = (value: unknown) => (value as readonly unknown[]).length;
  if (set.has('min_items')) {
    found.push((value) => (length(value) < least ? `must contain at least ${least} item(s)` : null));
  }
  if (set.has('max_items')) {
    found.push((value) => (length(value) > most ? `must contain no more than ${most} item(s)` : null));
  }
  return found;
}

function stringRules(field: DescField, rules: StringRules): ValueRule[] {
  const set = onlyKnown(field, StringRulesSchema, rules, ['min_len', 'max_len']);
  const found: ValueRule[] = [];
  const [least, most] = [Number(rules.minLen), Number(rules.maxLen)];
  if (set.has('min_len')) {
    found.push((value) => (isShorter(value as string, least) ? `must be at least ${least} characters` : null));
  }
  if (set.has('max_len')) {
    found.push((value) => (isLonger(value as string, most) ? `must be at most ${most} characters` : null));
  }
  return found;
}

function doubleRules(field: DescField, rules: DoubleRules): ValueRule[] {
  const set = onlyKnown(field, DoubleRulesSchema, rules, ['gte', 'lte', 'finite']);
  const found = rangeRules(set, rules);
  if (set.has('finite')) found.push((value) => (Number.isFinite(value) ? null : 'must be finite'));
  return found;
}

function uint32Rules(field: DescField, rules: UInt32Rules): ValueRule[] {
  return rangeRules(onlyKnown(field, UInt32RulesSchema, rules, ['gte', 'lte']), rules);
}

function rangeRules(set: ReadonlySet<string>, rules: DoubleRules | UInt32Rules): ValueRule[] {
  const least = set.has('gte') ? Number(rules.greaterThan.value) : Number.NEGATIVE_INFINITY;
  const most = set.has('lte') ? Number(rules.lessThan.value) : Number.POSITIVE_INFINITY;
  const parts: string[] = [];
  if (set.has('gte')) parts.push(`greater than or equal to ${least}`);
  if (set.has('lte')) parts.push(`less than or equal to ${most}`);
  if (parts.length === 0) return [];
  const message = `must be ${parts.join(' and ')}`;
  // This form refuses NaN, which is neither greater nor less.
  return [(value) => ((value as number) >= least && (value as number) <= most ? null : message)];
}

/** Characters are code points: a text has at least half as many as UTF-16 units, which decides nearly every case. */
function isShorter(text: string, least: number): boolean {
  if (text.length < least) return true;
  return text.length < least * 2 && codePoints(text) < least;
}

function isLonger(text: string, most: number): boolean {
  return text.length > most && codePoints(text) > most;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}

/** The rules that are set. Throws for an unsupported one, so that none is ever silently ignored. */
function onlyKnown(
  field: DescField,
  schema: DescMessage,
  rules: Message,
  known: readonly string[],
): ReadonlySet<string> {
  const reflected = reflect(schema, rules);
  const set = reflected.fields.filter((rule) => reflected.isSet(rule)).map(({ name }) => name);
  const unknown = set.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${field} has the rule ${unknown}, which is not supported here`);
  return new Set(set);
}
