import { Random } from '../crash/random.js';
import { apiDescription } from '../support/api-description.js';
import { KnownIds } from './known-ids.js';
import { type FuzzRequest, type FuzzTokens, fuzzRequest } from './requests.js';
import { type FuzzAnswer, Sender } from './send.js';

export interface Fuzzed {
  /** The number of responses by operation and status: `ClaimJob 200`. */
  readonly seen: ReadonlyMap<string, number>;
  /** Responses that the description does not declare, with their requests; at most the first twenty. */
  readonly undeclared: readonly string[];
  readonly sent: number;
}

/**
 * Sends this many requests, generated from the description by a seed, a few at a time, and checks every response
 * against the description.
 */
export async function fuzzApi(options: {
  readonly port: number;
  readonly tokens: FuzzTokens;
  readonly seed: number;
  readonly requests: number;
  /** Sends more requests, up to `most`, until the coverage suffices. */
  readonly isEnough?: (seen: ReadonlyMap<string, number>) => boolean;
  readonly most?: number;
}): Promise<Fuzzed> {
  const api = apiDescription();
  const random = new Random(options.seed);
  const ids = new KnownIds();
  ids.add('token', options.tokens.reader);
  const connections = 16;
  const sender = new Sender(options.port, connections);
  const seen = new Map<string, number>();
  const undeclared: string[] = [];
  const { requests, isEnough = () => true, most = requests } = options;
  let sent = 0;
  const goesOn = () => sent < requests || (sent < most && !isEnough(seen));

  async function sendSome(): Promise<void> {
    while (goesOn()) {
      sent += 1;
      const request = fuzzRequest(api, { random, ids, tokens: options.tokens });
      const answer = await sender.send(request);
      const key = `${request.operation.id} ${answer.status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      const wrong = whatIsWrong(request, answer);
      if (wrong !== null && undeclared.length < 20) undeclared.push(shown(request, answer, wrong));
      if (answer.status < 300 && answer.contentType.startsWith('application/json')) ids.learn(JSON.parse(answer.text));
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, sendSome));
  } finally {
    sender.close();
  }
  return { seen, undeclared, sent };
}

/** Null for a response that the description declares. */
function whatIsWrong({ operation, arrives }: FuzzRequest, { status, contentType, text }: FuzzAnswer): string | null {
  const type = contentType.split(';', 1)[0] ?? '';
  const declared = operation.answers.get(status);
  if (declared === undefined) {
    // A path that leads elsewhere gets the response of that place, or 404.
    return !arrives && status < 500 ? null : `the status ${status} is not declared`;
  }
  if (declared.size === 0 && type === '')
    return text === '' ? null : `status ${status} has a body that is not declared`;
  const matches = declared.get(type);
  if (matches === undefined) return arrives ? `the content type ${type} is not declared for ${status}` : null;
  if (type !== 'application/json' || !arrives) return null;
  return matches(JSON.parse(text)) ? null : `the body is not as declared: ${JSON.stringify(matches.errors)}`;
}

function shown({ verb, target, headers, body }: FuzzRequest, { status, text }: FuzzAnswer, wrong: string): string {
  const { authorization: _, ...rest } = headers;
  const sent = body === null ? '' : ` ${body.toString('utf8').slice(0, 400)}`;
  return `${wrong}\n  ${verb} ${target.slice(0, 300)} ${JSON.stringify(rest)}${sent}\n  → ${status} ${text.slice(0, 400)}`;
}
