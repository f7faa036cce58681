// Messages of the proto as JSON Schemas. A message is described as a response has it, with every field present; if
// requests use it too, a second schema named `…Input` requires only the mandatory fields.
import { comment } from '../proto-image.js';
import { listRules, valueRules } from './field-rules.js';
import { scalarSchema } from './scalars.js';

const jsonForm = '[workflowgraph.v1.json_form]';
const jsonValues = '[workflowgraph.v1.json_values]';
const fieldRules = '[buf.validate.field]';
const oneofRules = '[buf.validate.oneof]';

export class Schemas {
  #types = new Map();
  #made = new Map();

  constructor(files) {
    for (const file of files) {
      const prefix = `.${file.package}.`;
      for (const [at, type] of (file.enumType ?? []).entries()) {
        this.#types.set(`${prefix}${type.name}`, { kind: 'enum', file, type, path: [5, at], name: type.name });
      }
      for (const [at, type] of (file.messageType ?? []).entries()) this.#add(file, type, [4, at], prefix, type.name);
    }
  }

  #add(file, type, path, prefix, name) {
    this.#types.set(`${prefix}${type.name}`, { kind: 'message', file, type, path, name: componentName(name) });
    for (const [at, inner] of (type.nestedType ?? []).entries()) {
      this.#add(file, inner, [...path, 3, at], `${prefix}${type.name}.`, `${name}.${inner.name}`);
    }
  }

  /** The referenced schemas, sorted by name. */
  all() {
    return Object.fromEntries([...this.#made].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A message's descriptor with its file and path. */
  message(typeName) {
    return this.#types.get(typeName);
  }

  /** The fields of a message as `{field, text}`. */
  fields(typeName) {
    const { file, type, path } = this.#types.get(typeName);
    return (type.field ?? []).map((field, at) => ({ field, text: comment(file, [...path, 2, at]) }));
  }

  /** An object schema of some fields of a request, for a body. */
  requestObject(typeName, fields) {
    return this.#requestObject(this.#types.get(typeName), fields);
  }

  /** The value of one field, with its rules; `way` is `answer` or `request`. Absence is handled elsewhere. */
  value(message, field, way) {
    const rules = field.options?.[fieldRules] ?? {};
    const entry = mapEntry(message, field);
    if (entry !== undefined) {
      const [, value] = entry.field;
      if (way === 'request' && field.options?.[jsonValues]) return { type: 'object', additionalProperties: true };
      return { type: 'object', additionalProperties: this.#single(value, way, {}) };
    }
    if (field.label !== 'LABEL_REPEATED') return this.#single(field, way, rules);
    const items = this.#single(field, way, rules.repeated?.items ?? {});
    return { type: 'array', items, ...listRules(rules.repeated ?? {}, way) };
  }

  /** The value of a response field, which is null if it can be unset. */
  answerValue(message, field) {
    const schema = this.value(message, field, 'answer');
    const canBeUnset =
      field.label !== 'LABEL_REPEATED' &&
      // An unset struct is empty.
      field.typeName !== '.google.protobuf.Struct' &&
      (isMessage(field) || field.proto3Optional || field.oneofIndex !== undefined);
    return canBeUnset ? orNull(schema) : schema;
  }

  #single(field, way, rules) {
    if (field.typeName === '.google.protobuf.Struct') return { type: 'object', additionalProperties: true };
    if (field.typeName !== undefined) return this.reference(field.typeName, way);
    return { ...scalarSchema(field.type), ...valueRules(rules, way) };
  }

  /** The schema of a message or an enum by name. */
  reference(typeName, way) {
    const found = this.#types.get(typeName);
    if (found === undefined) throw new Error(`${typeName} has no form in JSON`);
    // Such a message is represented by its only field.
    if (found.type.options?.[jsonForm] === 'JSON_FORM_INLINE') return this.value(found.type, found.type.field[0], way);
    const name = found.kind === 'message' && way === 'request' ? `${found.name}Input` : found.name;
    if (!this.#made.has(name)) {
      // A message that contains itself finds this entry.
      this.#made.set(name, {});
      this.#made.set(name, found.kind === 'enum' ? enumSchema(found) : this.#messageSchema(found, way));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #messageSchema(found, way) {
    if (found.type.options?.[jsonForm] === 'JSON_FORM_TAGGED') return this.#tagged(found, way);
    const { file, path, type } = found;
    if (way === 'request')
      return { ...described(comment(file, path)), ...this.#requestObject(found, type.field ?? []) };
    const properties = {};
    for (const [at, field] of (type.field ?? []).entries()) {
      properties[field.name] = withText(this.answerValue(type, field), comment(file, [...path, 2, at]));
    }
    return {
      ...described(comment(file, path)),
      type: 'object',
      properties,
      required: (type.field ?? []).map(({ name }) => name),
    };
  }

  #requestObject({ file, type, path }, fields) {
    const properties = {};
    const required = [];
    for (const field of fields) {
      const at = type.field.indexOf(field);
      properties[field.name] = withText(this.value(type, field, 'request'), comment(file, [...path, 2, at]));
      if (mustBeGiven(field)) required.push(field.name);
    }
    const choices = (type.oneofDecl ?? [])
      .map((oneof, at) => ({ oneof, names: fields.filter((one) => one.oneofIndex === at && !one.proto3Optional) }))
      .filter(({ oneof, names }) => names.length > 0 && oneof.options?.[oneofRules]?.required)
      .map(({ names }) => ({ oneOf: names.map(({ name }) => ({ required: [name] })) }));
    return {
      type: 'object',
      properties,
      ...(required.length > 0 ? { required } : {}),
      ...(choices.length === 0 ? {} : choices.length === 1 ? choices[0] : { allOf: choices }),
    };
  }

  /** `"None"`, or an object with the alternative's name as its only key. */
  #tagged({ file, type, path, name: base }, way) {
    const alternatives = type.field.map((field) => {
      const name = field.jsonName[0].toUpperCase() + field.jsonName.slice(1);
      const inner = this.#types.get(field.typeName);
      const text = described(comment(inner.file, inner.path));
      const value = this.#alternative(inner, way);
      const schema =
        (inner.type.field ?? []).length === 0
          ? { type: 'string', enum: [name], ...text }
          : { type: 'object', properties: { [name]: value }, required: [name], additionalProperties: false, ...text };
      // Code generators need a name for each.
      const component = `${base}${name}`;
      this.#made.set(component, schema);
      return { $ref: `#/components/schemas/${component}` };
    });
    return { ...described(comment(file, path)), oneOf: alternatives };
  }

  /** Unset fields inside are omitted instead of null. */
  #alternative({ file, type, path }, way) {
    const properties = {};
    for (const [at, field] of (type.field ?? []).entries()) {
      properties[field.name] = withText(this.value(type, field, way), comment(file, [...path, 2, at]));
    }
    const required = (type.field ?? []).filter((field) => !field.proto3Optional).map(({ name }) => name);
    return { type: 'object', properties, required };
  }
}

/** The component name of a message. Go generators name the result of a method after the method and `Response`. */
function componentName(name) {
  return name.replaceAll('.', '').replace(/Response$/, 'Answer');
}

/** A schema with a description; this version of OpenAPI also allows it next to a reference. */
function withText(schema, text) {
  return text === '' ? schema : { ...schema, description: text };
}

function described(text) {
  return text === '' ? {} : { description: text };
}

function orNull(schema) {
  if (schema.$ref !== undefined) return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [schema.type, 'null'] };
}

function isMessage(field) {
  return field.type === 'TYPE_MESSAGE';
}

function mapEntry(message, field) {
  return (message.nestedType ?? []).find((type) => type.options?.mapEntry && field.typeName?.endsWith(`.${type.name}`));
}

/** Whether a request without the field is refused: its default violates a rule. */
function mustBeGiven(field) {
  const rules = field.options?.[fieldRules] ?? {};
  if (rules.required) return true;
  if (field.proto3Optional || field.oneofIndex !== undefined) return false;
  return (
    Number(rules.string?.minLen ?? 0) > 0 || Number(rules.repeated?.minItems ?? 0) > 0 || (rules.uint32?.gte ?? 0) > 0
  );
}

function enumSchema({ file, type, path }) {
  const prefix = `${type.name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}_`;
  const values = type.value
    .map((value, at) => ({ ...value, text: comment(file, [...path, 2, at]).replaceAll('\n', ' ') }))
    .filter(({ number }) => number !== undefined && number !== 0)
    .map(({ name, text }) => ({ word: name.replace(prefix, '').toLowerCase(), text }));
  const list = values.filter(({ text }) => text !== '').map(({ word, text }) => `- \`${word}\`: ${text}`);
  return withText(
    { type: 'string', enum: values.map(({ word }) => word) },
    [comment(file, path), list.join('\n')].filter((part) => part !== '').join('\n\n'),
  );
}
