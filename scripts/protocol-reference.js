// The reference part of docs/protocol.md, generated from the proto: services, methods, paths, policies and messages,
// with their comments.
import { apiFiles, comment, httpRule, scopesOf } from './proto-image.js';

const jsonForm = '[workflowgraph.v1.json_form]';

/** The reference as Markdown, from the proto's image. */
export function protocolReference(image) {
  const files = apiFiles(image);
  const services = files.flatMap((file) =>
    (file.service ?? []).map((service, at) => ({ file, service, path: [6, at] })),
  );
  const messages = files.flatMap((file) => messagesOf(file));
  const enums = files.flatMap((file) => (file.enumType ?? []).map((type, at) => ({ file, type, path: [5, at] })));
  return [
    ...services.flatMap(serviceSection),
    '### Messages',
    '',
    ...messages.flatMap(messageSection),
    '### Enums',
    '',
    'On the documented paths an enum is written in lower case without its prefix: `queued`, `stdout`.',
    '',
    ...enums.flatMap(enumSection),
  ].join('\n');
}

function serviceSection({ file, service, path }) {
  return [
    `### ${service.name}`,
    '',
    comment(file, path),
    '',
    ...service.method.flatMap((method, at) => methodSection(file, service, method, [...path, 2, at])),
  ];
}

function methodSection(file, service, method, path) {
  const kind = [
    method.clientStreaming && 'a stream of requests',
    method.serverStreaming && 'a stream of answers',
  ].filter(Boolean);
  const rows = [];
  const rule = httpRule(method);
  if (rule !== null) {
    const answer = rule.responseBody === '' ? '' : `, the answer is its field \`${rule.responseBody}\` alone`;
    rows.push(`\`${rule.verb.toUpperCase()} ${rule.route}\` → ${rule.status}${answer}`);
  }
  rows.push(
    `RPC \`/${file.package}.${service.name}/${method.name}\`: ${link(method.inputType)} → ${link(method.outputType)}${kind.length > 0 ? ` (${kind.join(', ')})` : ''}`,
  );
  rows.push(`Scope: ${scopesOf(method).join(' or ')}`);
  return [`#### ${method.name}`, '', comment(file, path), '', ...rows.map((row) => `- ${row}`), ''];
}

function messagesOf(file) {
  const found = [];
  const visit = (type, path, name) => {
    if (type.options?.mapEntry) return;
    found.push({ file, type, path, name });
    for (const [at, inner] of (type.nestedType ?? []).entries())
      visit(inner, [...path, 3, at], `${name}.${inner.name}`);
  };
  for (const [at, type] of (file.messageType ?? []).entries()) visit(type, [4, at], type.name);
  return found;
}

function messageSection({ file, type, path, name }) {
  const fields = type.field ?? [];
  const about = comment(file, path) || (fields.length === 0 ? 'It has no fields.' : '');
  const form = {
    JSON_FORM_INLINE: ' Written as its one field.',
    JSON_FORM_TAGGED: '',
    JSON_FORM_RAW: ' Taken from the body as it comes.',
  };
  const note = form[type.options?.[jsonForm]] ?? '';
  return [
    `#### ${name}`,
    '',
    `${about}${note}`,
    '',
    ...(fields.length === 0
      ? []
      : [
          '| field | type | meaning |',
          '|---|---|---|',
          ...fields.map(
            (field, at) =>
              `| \`${field.name}\` | ${fieldType(type, field)} | ${comment(file, [...path, 2, at])
                .replaceAll('\n', ' ')
                .replaceAll('|', '\\|')} |`,
          ),
          '',
        ]),
  ];
}

function enumSection({ file, type, path }) {
  return [
    `#### ${type.name}`,
    '',
    comment(file, path),
    '',
    '| value | meaning |',
    '|---|---|',
    ...type.value
      .map((value, at) => ({ value, text: comment(file, [...path, 2, at]).replaceAll('\n', ' ') }))
      .filter(({ value }) => value.number !== undefined && value.number !== 0)
      .map(({ value, text }) => `| \`${value.name}\` | ${text} |`),
    '',
  ];
}

function fieldType(message, field) {
  const entry = (message.nestedType ?? []).find(
    (type) => type.options?.mapEntry && field.typeName?.endsWith(`.${type.name}`),
  );
  if (entry !== undefined) return `map of ${entry.field.map((part) => plainType(part)).join(' to ')}`;
  const list = field.label === 'LABEL_REPEATED' ? 'list of ' : '';
  return `${list}${plainType(field)}${field.proto3Optional ? ', optional' : ''}`;
}

function plainType(field) {
  if (field.typeName !== undefined) return link(field.typeName);
  return field.type.replace('TYPE_', '').toLowerCase();
}

function link(typeName) {
  const name = typeName.split('.').slice(3).join('.');
  return typeName.startsWith('.workflowgraph.v1.')
    ? `[${name}](#${name.toLowerCase().replaceAll('.', '')})`
    : `\`${typeName.slice(1)}\``;
}
