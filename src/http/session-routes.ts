import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api/errors.js';
import type { SignIns } from '../api/principal.js';
import type { BasePath } from './base-path.js';
import { parseJson } from './json-binding/parse-json.js';
import { type CookieScope, endedSessionCookie, sessionCookie, sessionOf } from './session-cookie.js';
import { SignInLimit } from './sign-in-limit.js';

const bodyBytesMax = 4 * 1024;

/**
 * `POST /session` signs a browser in: it takes `{"token": "…", "stay_signed_in": false}` and sets the session's cookie.
 * `POST /session/end` signs it out. The token is only ever in the body, never in an address, which browsers and proxies
 * store.
 */
export function sessionRoutes(
  app: FastifyInstance,
  { signIns, basePathOf, overTls }: { signIns: SignIns; basePathOf: BasePath; overTls: boolean },
): void {
  const limit = new SignInLimit();
  const config = { policy: 'public' } as const;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body: Buffer, done) => {
    try {
      done(null, parseJson(body.toString('utf8')));
    } catch (error) {
      done(error as Error);
    }
  });

  app.post('/session', { config, bodyLimit: bodyBytesMax }, async (request, reply) => {
    const { token, stay } = readSignIn(request.body);
    const attempt = limit.begin(request.ip, performance.now());
    if (attempt.waitSecs !== null) {
      reply.header('retry-after', attempt.waitSecs);
      const message = `too many wrong tokens from ${request.ip}; try again in ${attempt.waitSecs} s`;
      throw new ApiError('rate_limited', message);
    }
    const session = await signIns.signIn(token, { stay });
    if (session === null) throw new ApiError('unauthenticated', 'the token is not valid');
    attempt.succeeded();
    reply.header('set-cookie', sessionCookie(session.secret, session.lifetimeMs, scopeOf(request)));
    return { lifetime_secs: Math.floor(session.lifetimeMs / 1000) };
  });

  app.post('/session/end', { config, bodyLimit: bodyBytesMax }, async (request, reply) => {
    const secret = sessionOf(request);
    if (secret !== null) await signIns.signOut(secret);
    return reply
      .header('set-cookie', endedSessionCookie(scopeOf(request)))
      .code(204)
      .send();
  });

  function scopeOf(request: FastifyRequest): CookieScope {
    return { path: basePathOf(request), secure: overTls || request.protocol === 'https' };
  }
}

function readSignIn(body: unknown): { token: string; stay: boolean } {
  if (typeof body !== 'object' || body === null || !('token' in body)) {
    throw new ApiError('malformed', 'the body must be a JSON object with "token"');
  }
  const { token } = body;
  const stay = 'stay_signed_in' in body ? body.stay_signed_in : false;
  if (typeof token !== 'string' || token === '') throw new ApiError('malformed', 'token: expected a text');
  if (typeof stay !== 'boolean') throw new ApiError('malformed', 'stay_signed_in: expected true or false');
  return { token: token.trim(), stay };
}
