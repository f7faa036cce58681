import type { FastifyRequest } from 'fastify';
import { isSameOrigin } from './same-origin.js';

/** The cookie that holds the secret of a browser's session. */
const cookieName = 'wg_session';

const cookiePattern = /(?:^|;)[ \t]*wg_session=([\w-]{43})[ \t]*(?:;|$)/;

/** Methods for which a cookie counts: those that read, and POST, by which everything changes. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);

/**
 * The secret in a request's session cookie; null when there is none, or when it does not count. Browsers send cookies
 * with requests of any page. So a cookie counts only if the browser confirms that a page of this server sends the
 * request: by `Sec-Fetch-Site: same-origin`, or by an `Origin` that is the server's. Changes require POST.
 */
export function sessionOf({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): string | null {
  const { cookie, origin } = headers;
  if (cookie === undefined || !methods.has(method)) return null;
  const authority = String(headers.host ?? headers[':authority'] ?? '');
  const isOwnPage =
    headers['sec-fetch-site'] === 'same-origin' || (origin !== undefined && isSameOrigin(origin, authority));
  return isOwnPage ? (cookiePattern.exec(cookie)?.[1] ?? null) : null;
}

/** Where the browser keeps the session, and when it may send it. */
export interface CookieScope {
  readonly path: string;
  /** Only over TLS. */
  readonly secure: boolean;
}

/**
 * The `Set-Cookie` header of a new session. No script can read it, and no page of another site makes a browser send it.
 */
export function sessionCookie(secret: string, lifetimeMs: number, { path, secure }: CookieScope): string {
  const attributes = `HttpOnly; SameSite=Strict; Path=${path}; Max-Age=${Math.floor(lifetimeMs / 1000)}`;
  return `${cookieName}=${secret}; ${attributes}${secure ? '; Secure' : ''}`;
}

/** The `Set-Cookie` header that deletes the cookie. */
export function endedSessionCookie(scope: CookieScope): string {
  return sessionCookie('', 0, scope);
}
