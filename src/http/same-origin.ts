import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api/errors.js';

/**
 * Keeps pages of other sites from using the server through the browser of someone who can reach it.
 *
 * - Host: a page can give its own name this machine's address (DNS rebinding). A server on loopback is called
 *   localhost, 127.0.0.1 or [::1], or by a name in ALLOWED_HOSTS, and answers to no other.
 * - Origin: browsers send the origin of the requesting page. It must be this server, or an origin in CORS_ORIGINS;
 *   only the latter get the headers that let a page read the answer.
 */
export interface OriginRules {
  /** Whether only programs on this machine reach the server; then its names are known. */
  readonly loopback: boolean;
  readonly allowedHosts: readonly string[];
  /** `*` for every origin. */
  readonly corsOrigins: readonly string[];
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

export function refuseForeignPages(app: FastifyInstance, rules: OriginRules): void {
  const hostAllowed = hostCheck(rules);
  const everyOrigin = rules.corsOrigins.includes('*');
  const origins = new Set(rules.corsOrigins);

  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request.raw;
    const authority = headers.host ?? headers[':authority'];
    const host = typeof authority === 'string' ? hostName(authority) : null;
    // Health checks come by an IP address, or without a host. Their answers are of no use to an attacker.
    const isChecked = request.routeOptions.config.anyHost !== true;
    if (host === null && isChecked) return done(new ApiError('malformed', 'the Host header is missing or not a host'));
    if (host !== null && isChecked && !hostAllowed(host)) {
      const way = `start the server with ALLOWED_HOSTS=${host} to allow it`;
      return done(new ApiError('forbidden', `the server does not answer to the host ${JSON.stringify(host)}; ${way}`));
    }

    const { origin } = headers;
    if (origin === undefined) {
      if (rules.corsOrigins.length > 0) reply.header('vary', 'origin');
      return isForeign(request) && !everyOrigin ? done(foreignSite()) : done();
    }
    if (isSameOrigin(origin, String(authority))) return done();
    if (!everyOrigin && !origins.has(origin)) {
      const way = `start the server with CORS_ORIGINS=${origin} to allow it`;
      return done(new ApiError('forbidden', `pages of ${origin} may not call this server; ${way}`));
    }
    allowReading(reply, everyOrigin ? '*' : origin);
    if (request.method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      answerPreflight(request, reply);
      return;
    }
    done();
  });
}

function hostCheck({ loopback, allowedHosts }: OriginRules): (host: string) => boolean {
  // Only the owner knows the names of a server that others reach; they are checked when the owner configures any.
  if (!loopback && allowedHosts.length === 0) return () => true;
  const allowed = new Set([...loopbackHosts, ...allowedHosts.map((host) => (isIP(host) === 6 ? `[${host}]` : host))]);
  return (host) => allowed.has(host) || host.endsWith('.localhost');
}

/** The host without its port, in lower case; null for an invalid host. */
function hostName(authority: string): string | null {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{0,5})?$/i.exec(authority);
  return found?.[1]?.toLowerCase() ?? null;
}

/** Whether an `Origin` header names the host that the request was sent to. */
export function isSameOrigin(origin: string, authority: string): boolean {
  return URL.parse(origin)?.host === authority.toLowerCase();
}

/** A request that a page of another site causes without an origin; following a link is not one. */
function isForeign({ headers, method }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate');
}

function foreignSite(): ApiError {
  return new ApiError('forbidden', 'pages of other sites must not call this server');
}

const exposedHeaders = [
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'connect-content-encoding',
  'content-encoding',
  'link',
].join(', ');

function allowReading(reply: FastifyReply, origin: string): void {
  reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', exposedHeaders);
  reply.header('vary', 'origin').header('cross-origin-resource-policy', 'cross-origin');
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply): void {
  const asked = request.headers['access-control-request-headers'];
  if (asked !== undefined) reply.header('access-control-allow-headers', asked);
  reply.header('access-control-allow-methods', 'GET, POST, HEAD, OPTIONS').header('access-control-max-age', '7200');
  reply.code(204).send();
}
