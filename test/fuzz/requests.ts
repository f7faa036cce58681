import type { JsonObject } from '../../src/domain/json.js';
import type { Random } from '../crash/random.js';
import type { ApiDescription, Operation } from '../support/api-description.js';
import type { KnownIds } from './known-ids.js';
import { hostileTexts, textFor, type ValueSource, valueFor } from './values.js';

export interface FuzzRequest {
  readonly operation: Operation;
  readonly verb: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** Whether it must reach the operation; otherwise its path or method may not exist. */
  readonly arrives: boolean;
}

/** The tokens of the requests. */
export interface FuzzTokens {
  readonly admin: string;
  readonly reader: string;
}

/** Generates requests for every operation of a description, from valid to hostile. */
export function fuzzRequest(
  { operations, resolve }: ApiDescription,
  { random, ids, tokens }: { random: Random; ids: KnownIds; tokens: FuzzTokens },
): FuzzRequest {
  // Paths outside the API take few requests to check, and their responses are long.
  const [ofServer, ofApi] = [operations.filter(isOfServer), operations.filter((one) => !isOfServer(one))];
  const operation = random.pick(random.chance(0.01) ? ofServer : ofApi);
  // A whole request is right or wrong: if each field were wrong at random, few requests would be right.
  const wrongShare = random.pick([0, 0, 0.02, 0.3]);
  const source: ValueSource = { random, ids, resolve, wrongShare };
  const path = pathOf(source, operation);
  const verb = random.chance(0.01) ? random.pick(['PUT', 'DELETE', 'PATCH', 'GET', 'POST']) : operation.verb;
  const { body, contentType } = bodyOf(source, operation);
  return {
    operation,
    verb,
    target: `${path.text}${queryOf(source, operation)}`,
    headers: {
      ...authorization(random, tokens),
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(operation.id === 'FollowJobLogs' && random.chance(0.3)
        ? { 'last-event-id': latin1(textFor(source, {}, 'after')) }
        : {}),
    },
    body,
    arrives: path.arrives && verb === operation.verb,
  };
}

const isOfServer = ({ route }: Operation) => !route.startsWith('/api/');

function pathOf(source: ValueSource, { route, parameters }: Operation): { text: string; arrives: boolean } {
  const { random } = source;
  let arrives = true;
  const text = route.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const schema = parameters.find((parameter) => parameter.name === name)?.schema ?? {};
    if (random.chance(source.wrongShare / 4)) {
      // Unescaped: it may lead elsewhere, or be no path at all.
      arrives = false;
      return random.pick(['', '.', '..', '%', '%zz', '%00', '%ff', 'a/b', '%2F', '?', ';', 'a%20b', '*', ':id']);
    }
    const value = random.chance(source.wrongShare) ? random.pick(hostileTexts) : textFor(source, schema, name);
    if (value === '' || value === '.' || value === '..') arrives = false;
    return encodeURIComponent(value.toWellFormed());
  });
  return { text, arrives };
}

function queryOf(source: ValueSource, { parameters }: Operation): string {
  const { random } = source;
  const parts: string[] = [];
  for (const { name, in: where, schema } of parameters) {
    if (where !== 'query' || random.chance(0.5)) continue;
    const value = valueFor(source, schema, name);
    // Strings are written without their quotes.
    const text = value.startsWith('"') ? String(JSON.parse(value)).toWellFormed() : value;
    parts.push(`${name}=${encodeURIComponent(text)}`);
    if (random.chance(source.wrongShare / 4)) parts.push(`${name}=2`);
  }
  if (random.chance(source.wrongShare / 4))
    parts.push(random.pick(['&&', '=', '%zz=1', 'constructor=1', '__proto__=x']));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function bodyOf(source: ValueSource, operation: Operation): { body: Buffer | null; contentType: string | null } {
  const { random, wrongShare } = source;
  if (operation.verb === 'GET') return { body: null, contentType: null };
  if (takesDefinition.has(operation.id)) return definition(source, operation);
  const text = random.chance(wrongShare / 4)
    ? random.pick(brokenBodies)
    : operation.body === null || Object.keys(operation.body).length === 0
      ? random.pick(['', '{}', 'null', '{"more":1}'])
      : valueFor({ ...source, wrongShare: wrongShare / 2 }, operation.body as JsonObject);
  // The server's own paths ignore the content type; workers in the field send all of these.
  const contentType = random.chance(0.7) ? 'application/json' : random.pick(contentTypes);
  return { body: typeof text === 'string' ? Buffer.from(text) : text, contentType };
}

function definition(source: ValueSource, operation: Operation) {
  const { random, wrongShare } = source;
  if (random.chance(0.5)) {
    const [contentType, text] = random.pick(goodDefinitions);
    return {
      body: Buffer.from(text),
      contentType: random.chance(wrongShare) ? random.pick(contentTypes) : contentType,
    };
  }
  if (random.chance(wrongShare / 2)) {
    const broken = random.pick([
      ...brokenBodies,
      'jobs: [',
      'a: &a [*a]',
      'jobs: {a: {run: "\\0"}}',
      '- 1',
      '%YAML 9.9',
    ]);
    return { body: Buffer.from(broken), contentType: random.pick(contentTypes) };
  }
  return {
    body: Buffer.from(valueFor(source, operation.body ?? {})),
    contentType: random.pick(['application/json', 'application/yaml']),
  };
}

const takesDefinition: ReadonlySet<string> = new Set(['CreateWorkflow', 'UpdateWorkflow', 'ValidateDefinition']);

const goodDefinitions: readonly (readonly [type: string, text: string])[] = [
  [
    'application/yaml',
    'name: Fuzz\njobs:\n  build: { run: make, retries: 2, backoff: none }\n  test: { needs: build, run: test, labels: gpu }\n',
  ],
  [
    'text/x-yaml; charset=utf-8',
    'on: {schedule: [{cron: "0 0 1 1 *"}]}\njobs: {build: {run: x}, notify: {needs: build, if: always(), run: y}}',
  ],
  [
    'application/json',
    '{"on":{"schedule":[{"cron":"@yearly"}]},"jobs":{"build":{"run":"make"},"test":{"needs":"build","run":"x","metadata":{"a":[1]}}}}',
  ],
  [
    'application/json',
    '{"name":"Api","trigger":"push","jobs":[{"id":"build","command":"make","max_retries":1},{"id":"test","command":"t","depends_on":["build"]}]}',
  ],
];

const brokenBodies: readonly (string | Buffer)[] = [
  '',
  '{',
  '[]',
  '"text"',
  '7',
  '{"a":1}}',
  '{"worker_id":"w1","worker_id":2}',
  '\ufeff{}',
  '['.repeat(20_000),
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.concat([Buffer.from('{"worker_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
  `{"worker_id":"${'w'.repeat(1_100_000)}"}`,
];

const contentTypes: readonly (string | null)[] = [
  null,
  '',
  'json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=latin1',
  'application/yaml',
  'multipart/form-data',
  'image/png',
  ';;;',
  'application/grpc',
];

function authorization(random: Random, { admin, reader }: FuzzTokens): Record<string, string> {
  const draw = random.next();
  if (draw < 0.94) return { authorization: `Bearer ${admin}` };
  if (draw < 0.96) return { authorization: `Bearer ${reader}` };
  if (draw < 0.98)
    return { authorization: random.pick(['Bearer nothing', 'Bearer ', 'Basic eDp5', 'x', 'Bearer a b']) };
  return {};
}

/** Headers cannot hold other characters. */
function latin1(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
