import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptedEncodings, varyBy } from './accepted-encodings.js';
import type { BasePath } from './base-path.js';
import { etagOf, isKnown } from './etag.js';
import type { BuiltPage, PageFile } from './page-files.js';

/**
 * The addresses of the page, those of web/src/routes/router.tsx. The server answers these with the page, and any other
 * unknown path with a JSON 404.
 */
export const pageAddresses = [
  '/',
  '/workflows',
  '/workflows/new',
  '/workflows/:id',
  '/workflows/:id/edit',
  '/workflows/:id/run',
  '/runs',
  '/runs/:run',
  '/runs/:run/jobs/:job',
  '/queue',
  '/workers',
  '/workers/:id',
  '/compare',
  '/audit',
  '/tokens',
  '/settings',
  '/sign-in',
] as const;

const config = { policy: 'public' } as const;

/**
 * Serves the built page: `index.html` at each address of the page, and its files. Addresses in the page are relative to
 * its `<base>`, which is written for each request, because only the request has the path below which a proxy serves it.
 */
export function webPage(
  app: FastifyInstance,
  page: BuiltPage,
  { basePathOf, frameAncestors }: { basePathOf: BasePath; frameAncestors: readonly string[] },
): void {
  const policy = contentSecurityPolicy(frameAncestors);
  for (const address of pageAddresses) {
    app.get(address, { config }, (request, reply) => {
      const html = withBase(page.index, basePathOf(request));
      const etag = etagOf(html);
      protect(reply, policy).header('cache-control', 'no-cache').header('etag', etag);
      if (isKnown(request, etag)) return reply.code(304).send();
      return reply.header('content-type', 'text/html; charset=utf-8').send(html);
    });
  }
  for (const file of page.files) {
    app.get(`/${file.path}`, { config }, (request, reply) => sendPageFile(request, protect(reply, policy), file));
  }
}

/** A base path has only characters that need no escape; see `basePathReader`. */
function withBase(index: string, basePath: string): string {
  return index.replace(/<base href="[^"]*">/, `<base href="${basePath}">`);
}

function sendPageFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const { contentType, isImmutable, etag } = file;
  reply.header('vary', varyBy(reply.getHeader('vary'), 'accept-encoding')).header('etag', etag);
  reply.header('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (isKnown(request, etag)) return reply.code(304).send();
  const [encoding, content] = encoded(request.headers['accept-encoding'], file);
  if (encoding !== null) reply.header('content-encoding', encoding);
  return reply.header('content-type', contentType).send(content);
}

function encoded(accepted: string | string[] | undefined, { plain, brotli, gzip }: PageFile): [string | null, Buffer] {
  const names = acceptedEncodings(accepted);
  if (brotli !== null && names.has('br')) return ['br', brotli];
  if (gzip !== null && names.has('gzip')) return ['gzip', gzip];
  return [null, plain];
}

/** Scripts, styles and data come from this server alone, and no text becomes HTML. */
function contentSecurityPolicy(frameAncestors: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
    "require-trusted-types-for 'script'",
    // The one policy: it returns the addresses of the page's own workers, and throws for anything else.
    'trusted-types wg-worker',
  ].join('; ');
}

function protect(reply: FastifyReply, policy: string): FastifyReply {
  return reply
    .header('content-security-policy', policy)
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('permissions-policy', 'camera=(), microphone=(), geolocation=(), usb=(), payment=()');
}
