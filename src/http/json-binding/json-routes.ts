import type { ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../api/errors.js';
import { requestBytesMax } from '../../api/message-limits.js';
import type { Call, Procedure } from '../../api/procedure.js';
import type { Drain } from '../drain.js';
import { JsonCall } from '../json-call.js';
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

/** Answers above this many list elements are written in pieces, with other requests in between. */
const elementsAtOnce = 1_000;

const jsonType = 'application/json; charset=utf-8';

/**
 * The documented paths: one route for each method with `google.api.http`, from its compiled binding straight to its
 * procedure. Server-streaming methods answer as `answerStream` says.
 */
export function jsonRoutes(
  app: FastifyInstance,
  procedures: readonly Procedure[],
  { drain, answerStream }: { drain: Drain; answerStream: (procedure: Procedure, binding: MethodBinding) => Answer },
): void {
  app.decorateRequest('call', null);
  app.removeAllContentTypeParsers();
  // Whatever the content type says, as the workers in the field say many things, what counts is whether it is JSON.
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
    const answer =
      procedure.method.methodKind === 'unary' ? answerUnary(procedure, binding) : answerStream(procedure, binding);
    app.route({
      method: binding.verb,
      url: binding.route,
      bodyLimit: requestBytesMax(procedure.method),
      exposeHeadRoute: procedure.method.methodKind === 'unary',
      config: { policy: 'procedure', rawBody: binding.rawBody },
      onRequest: (request, reply, done) => {
        settleContentType(request.raw, binding.rawBody);
        const admitted = procedure.admit(new JsonCall(request, reply, drain));
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
}

/**
 * Keeps the framework from judging a body by its content type. It would refuse one that is not well formed, such as `json`,
 * and take an HTTP/2 request that names neither type nor length for one without a body.
 */
function settleContentType(raw: FastifyRequest['raw'], rawBody: boolean): void {
  const type = raw.headers['content-type'];
  const unsaid = type === undefined ? raw.httpVersionMajor === 2 && !hasEnded(raw) : !rawBody && !type.includes('/');
  if (unsaid) raw.headers['content-type'] = 'application/octet-stream';
}

/** Whether an HTTP/2 request came as headers only. */
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

function answerUnary(procedure: Procedure, binding: MethodBinding): Answer {
  const { response, status } = binding;
  return async (request, reply, call) => {
    const message = await procedure.call(readRequest(binding, request), call);
    reply.code(status).header('content-type', jsonType);
    return response.weigh(message) <= elementsAtOnce
      ? reply.send(response.write(message))
      : reply.send(Readable.from(inTurns(response, message), { objectMode: false }));
  };
}

/** Characters between two turns of the event loop. */
const pieceChars = 32 * 1024;

/** A long answer. Each piece waits for its turn, and for the reader to have taken the pieces before. */
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
