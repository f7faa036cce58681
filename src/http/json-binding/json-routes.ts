import type { ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message } from '@bufbuild/protobuf';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../api/errors.js';
import { requestBytesMax } from '../../api/message-limits.js';
import type { Call, Procedure } from '../../api/procedure.js';
import { varyBy } from '../accepted-encodings.js';
import type { BasePath } from '../base-path.js';
import type { Drain } from '../drain.js';
import { JsonCall } from '../json-call.js';
import { sendJson } from '../send-json.js';
import { bindMethod, type MethodBinding } from './bind-method.js';
import { parseJson } from './parse-json.js';
import type { JsonWriter } from './write-message.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, on the routes of procedures. */
    call: Call | null;
  }
}

/** How one kind of method answers on its documented path. */
export type Answer = (request: FastifyRequest, reply: FastifyReply, call: Call) => Promise<FastifyReply>;

/** Answers with more list elements are written in pieces, and other requests run in between. */
const elementsAtOnce = 1_000;

const jsonType = 'application/json; charset=utf-8';

/**
 * The documented paths: one route for each method with `google.api.http`, from its compiled binding straight to its
 * procedure. Server-streaming methods answer as `answerStream` does.
 */
export function jsonRoutes(
  app: FastifyInstance,
  procedures: readonly Procedure[],
  {
    drain,
    basePathOf,
    answerStream,
  }: {
    drain: Drain;
    basePathOf: BasePath;
    answerStream: (procedure: Procedure, binding: MethodBinding) => Answer;
  },
): void {
  app.decorateRequest('call', null);
  app.removeAllContentTypeParsers();
  // Existing workers send many content types, so only whether the body is JSON matters.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return done(new ApiError('unsupported_media_type', `the body is encoded with "${encoding}"; send it as it is`));
    }
    if (request.routeOptions.config.rawBody === true) return done(null, body);
    try {
      done(null, parseJson(body.toString('utf8')));
    } catch (error) {
      done(error as Error);
    }
  });

  for (const procedure of procedures) {
    const binding = bindMethod(procedure.method);
    if (binding === null) continue;
    const answer = answerOf(procedure, binding);
    app.route({
      method: binding.verb,
      url: binding.route,
      bodyLimit: requestBytesMax(procedure.method),
      exposeHeadRoute: procedure.method.methodKind === 'unary',
      config: { policy: 'procedure', rawBody: binding.rawBody },
      onRequest: (request, reply, done) => {
        settleContentType(request.raw, binding.rawBody);
        const admitted = procedure.admit(new JsonCall(request, reply, drain, basePathOf));
        if (!(admitted instanceof Promise)) {
          // Without tokens there is nothing to wait for, and a promise would cost each call half a microsecond.
          request.call = admitted;
          done();
          return;
        }
        admitted.then((call) => {
          request.call = call;
          done();
        }, done);
      },
      handler: (request, reply) => {
        if (request.call === null) throw new Error(`${binding.route} was called past its gate`);
        return answer(request, reply, request.call);
      },
    });
  }

  function answerOf(procedure: Procedure, binding: MethodBinding): Answer {
    if (procedure.method.methodKind !== 'unary') return answerStream(procedure, binding);
    return procedure.pieces === null ? answerUnary(procedure, binding) : answerList(procedure.pieces, binding);
  }
}

/**
 * Keeps the framework from deciding by the content type. It would refuse a malformed one, such as `json`, and treat an
 * HTTP/2 request with neither type nor length as one without a body.
 */
function settleContentType(raw: FastifyRequest['raw'], rawBody: boolean): void {
  const type = raw.headers['content-type'];
  const unsaid = type === undefined ? raw.httpVersionMajor === 2 && !hasEnded(raw) : !rawBody && !type.includes('/');
  if (unsaid) raw.headers['content-type'] = 'application/octet-stream';
}

/** Whether an HTTP/2 request consists of headers only. */
function hasEnded(raw: object): boolean {
  return 'stream' in raw && (raw.stream as ServerHttp2Stream).endAfterHeaders;
}

/** The request message of a call on a documented path. */
export function readRequest(binding: MethodBinding, request: FastifyRequest) {
  return binding.readRequest({
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string | string[]>,
    body: request.body,
    contentType: request.headers['content-type'] ?? '',
  });
}

/** The `Link` header of a list, with the offset of its next page. It has no path, so it holds behind any prefix. */
function linkToNext(url: string, offset: number): string {
  const at = url.indexOf('?');
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
  query.set('offset', String(offset));
  return `<?${query}>; rel="next"`;
}

function answerUnary(procedure: Procedure, binding: MethodBinding): Answer {
  const { response, status, isKept } = binding;
  return async (request, reply, call) => {
    const message = await procedure.call(readRequest(binding, request), call);
    reply.code(status).header('content-type', jsonType);
    if (isKept) keepForDay(reply);
    const next = binding.nextOffset(message);
    if (next > 0) reply.header('link', linkToNext(request.url, next));
    return response.weigh(message) <= elementsAtOnce
      ? sendJson(request, reply, response.write(message))
      : sendJson(request, reply, Readable.from(inTurns(response, message), { objectMode: false }));
  };
}

/** Cached only for this caller: another one may not be allowed to see it. */
function keepForDay(reply: FastifyReply): void {
  reply
    .header('cache-control', 'private, max-age=86400, immutable')
    .header('vary', varyBy(reply.getHeader('vary'), 'authorization', 'cookie'));
}

/**
 * An unbounded list, written while it is read: the next piece is read when the reader has taken the previous one, and
 * none after the reader has left. The first is awaited, so that a refusal is a normal error. When reading fails later,
 * the connection is cut in the middle of the list, which no reader mistakes for a complete one.
 */
function answerList(pieces: NonNullable<Procedure['pieces']>, binding: MethodBinding): Answer {
  return async (request, reply, call) => {
    const items = (await pieces(readRequest(binding, request), call))[Symbol.asyncIterator]();
    const first = await items.next();
    reply.code(binding.status).header('content-type', jsonType);
    if (request.method === 'HEAD') {
      await items.return?.();
      return reply.send('');
    }
    return reply.send(Readable.from(asList(first, items, binding.response), { objectMode: false }));
  };
}

async function* asList(
  first: IteratorResult<Message>,
  items: AsyncIterator<Message>,
  response: JsonWriter,
): AsyncIterable<string> {
  try {
    let text = '[';
    let isEmpty = true;
    for (let next = first; next.done !== true; next = await items.next()) {
      const elements = response.write(next.value).slice(1, -1);
      if (elements === '') continue;
      yield isEmpty ? text + elements : `,${elements}`;
      isEmpty = false;
      text = '';
    }
    yield `${text}]`;
  } finally {
    await items.return?.();
  }
}

/** Characters between two turns of the event loop. */
const pieceChars = 32 * 1024;

/** A long answer. Each piece waits for its turn, and until the reader has taken the previous pieces. */
async function* inTurns(response: JsonWriter, message: unknown): AsyncIterable<string> {
  let text = '';
  for (const part of response.pieces(message)) {
    text += part;
    if (text.length < pieceChars) continue;
    yield text;
    text = '';
    await nextTurn();
  }
  yield text;
}
