import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptedEncodings, varyBy } from './accepted-encodings.js';
import type { BasePath } from './base-path.js';
import { etagOf, isKnown } from './etag.js';
import { contentTypes } from './page-files.js';

/** A file of the manual, with its compressed form once it was asked for. */
interface ManualFile {
  readonly contentType: string;
  readonly isImmutable: boolean;
  readonly plain: Buffer;
  gzip: Promise<Buffer> | null;
}

const typesOfManual: Readonly<Record<string, string>> = { ...contentTypes, html: 'text/html; charset=utf-8' };

const config = { policy: 'public' } as const;

/**
 * `/manual/`: docs/ as a site, as scripts/build-manual.js makes it. Its files, 3 MB, are read at the first request, so they
 * cost nothing until then. They name each other by absolute paths, which are rewritten where a proxy adds a path.
 */
export function manualRoutes(app: FastifyInstance, basePathOf: BasePath, folder: URL): void {
  let reading: Promise<ReadonlyMap<string, ManualFile>> | null = null;
  app.get('/manual', { config }, (request, reply) => reply.redirect(`${basePathOf(request)}manual/`));
  app.get('/manual/*', { config }, async (request, reply) => {
    reading ??= readManual(folder);
    const files = await reading;
    const { '*': path = '' } = request.params as { '*'?: string };
    const file = files.get(path === '' ? 'index.html' : path);
    if (file !== undefined) return send(request, protect(reply), file, basePathOf(request));
    const text = files.size === 0 ? notBuilt : `The manual has no page ${JSON.stringify(path)}; it begins at manual/\n`;
    return reply.code(404).header('content-type', 'text/plain; charset=utf-8').send(text);
  });
}

const notBuilt = `This server was built without its manual.

In a clone, "npm run build:manual" builds it; its pages are the Markdown files in docs/.
`;

async function readManual(folder: URL): Promise<ReadonlyMap<string, ManualFile>> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = new Map<string, ManualFile>();
  for (const path of names.map((name) => name.replaceAll('\\', '/'))) {
    const contentType = typesOfManual[path.slice(path.lastIndexOf('.') + 1)];
    if (contentType === undefined) continue;
    const plain = await readFile(new URL(path, folder));
    files.set(path, { contentType, isImmutable: path.startsWith('assets/'), plain, gzip: null });
  }
  return files;
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  file: ManualFile,
  basePath: string,
): Promise<FastifyReply> {
  const isText = !file.contentType.startsWith('image/');
  const isMoved = isText && basePath !== '/';
  const content = isMoved
    ? Buffer.from(file.plain.toString().replaceAll(/(["'`(])\/manual\//g, `$1${basePath}manual/`))
    : file.plain;
  const etag = etagOf(content);
  reply.header('etag', etag).header('vary', varyBy(reply.getHeader('vary'), 'accept-encoding'));
  // Behind a proxy the same name has another content below another path.
  reply.header('cache-control', file.isImmutable && !isMoved ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (isKnown(request, etag)) return reply.code(304).send();
  reply.header('content-type', file.contentType);
  if (!isText || isMoved || !acceptedEncodings(request.headers['accept-encoding']).has('gzip'))
    return reply.send(content);
  file.gzip ??= promisify(gzip)(file.plain);
  return reply.header('content-encoding', 'gzip').send(await file.gzip);
}

/** As strict as the page's: scripts, styles and data from this server alone, none inside a page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function protect(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', contentSecurityPolicy)
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin');
}
