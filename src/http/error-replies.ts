import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, authenticateChallenge, errorJson, retryAfterSecs, toApiError } from '../api/errors.js';
import { isHangUp } from '../api/hang-up.js';
import type { Log } from '../telemetry/log.js';

/** How much of a refused body is read to its end; the connection of a longer one is closed. */
const drainedBodyBytesMax = 16 * 1024 * 1024;

const jsonType = 'application/json; charset=utf-8';

/** Writes every error of a route as the documented JSON error, including unknown paths and verbs. */
export function answerErrorsAsJson(app: FastifyInstance, log: Log): void {
  const patterns: { readonly verb: string; readonly path: RegExp }[] = [];

  app.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat()) patterns.push({ verb, path: pathPattern(url) });
  });

  // For some methods, such as QUERY, the framework requires a content type before it answers that there is no such
  // route.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) request.raw.headers['content-type'] ??= 'application/octet-stream';
    done();
  });

  app.setErrorHandler((error: FastifyError | Error, request, reply) => sendError(error, request, reply, log));

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = [...new Set(patterns.filter((one) => one.path.test(path)).map(({ verb }) => verb))];
    if (allowed.length === 0) {
      return sendError(new ApiError('not_found', `there is no route ${request.method} ${path}`), request, reply, log);
    }
    reply.header('allow', allowed.join(', '));
    const error = new ApiError('method_not_allowed', `${path} takes ${allowed.join(' or ')}, not ${request.method}`);
    return sendError(error, request, reply, log);
  });
}

/** Also for errors that occur before there is a route. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const refusal = fromFramework(error, request) ?? toApiError(error, request.id, (bug) => logBug(bug, request, log));
  // The framework closes the connection in the middle of a body, which HTTP/2 cannot. A caller that is still writing would
  // lose the answer to a reset of the connection, so the rest of a body of limited length is read.
  if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection');
  else if (isDrainable(request)) {
    reply.removeHeader('connection');
    request.raw.resume();
  }
  if (refusal.code === 'unauthenticated') reply.header('www-authenticate', authenticateChallenge);
  const comeAgain = retryAfterSecs(refusal.code);
  if (comeAgain !== null) reply.header('retry-after', comeAgain);
  return reply.code(refusal.status).header('content-type', jsonType).send(errorJson(refusal));
}

/** Whether the length of the body is declared, and small enough to read the body to its end for nothing. */
function isDrainable({ headers }: FastifyRequest): boolean {
  const length = headers['content-length'];
  return length !== undefined && Number(length) <= drainedBodyBytesMax;
}

/** An error that Fastify raises before any code of ours runs; null for every other. */
function fromFramework(error: Error, request: FastifyRequest): ApiError | null {
  if (!('code' in error)) return null;
  if (isHangUp(error)) return new ApiError('malformed', 'the request was aborted');
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const { bodyLimit, url } = request.routeOptions;
      return new ApiError('too_large', `the body of ${request.method} ${url} may have at most ${bodyLimit} bytes`);
    }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('malformed', 'the body does not have the length that Content-Length says');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        'unsupported_media_type',
        `the content type ${request.headers['content-type']} is not accepted here`,
      );
    case 'FST_ERR_BAD_URL':
      return new ApiError(
        'malformed',
        'the path has a percent sign that is not followed by two hexadecimal digits of UTF-8',
      );
    default:
      return isRefusal(error) ? new ApiError('malformed', error.message) : null;
  }
}

/** Whether it is the framework's own error and the caller's mistake. */
function isRefusal(error: Error & { code: unknown }): boolean {
  const framework = typeof error.code === 'string' && error.code.startsWith('FST_ERR_');
  return framework && 'statusCode' in error && Number(error.statusCode) < 500;
}

function logBug(error: unknown, request: FastifyRequest, log: Log): void {
  log.error(
    { err: error, request_id: request.id, verb: request.method, path: request.url },
    'a request failed because of a bug',
  );
}

/** `/a/:b/c` as a regular expression. A wildcard matches everything that follows. */
function pathPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
