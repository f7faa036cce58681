import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../package-root.js';
import type { BasePath } from './base-path.js';
import { callerAddress } from './caller-address.js';
import { etagOf } from './etag.js';
import { sendWithEtag } from './send-with-etag.js';

/**
 * The worker of this server's version as one file, its checksum, and a script that installs it. They are public: they
 * are the same on every server of this version and show nothing about this one, and a new machine has no token yet.
 */
export function workerFileRoutes(app: FastifyInstance, basePathOf: BasePath): void {
  const config = { policy: 'public' } as const;
  app.get('/worker.mjs', { config }, async (request, reply) => {
    const { content, etag } = await workerFile();
    return sendWithEtag(etag, request, reply, 'text/javascript; charset=utf-8', content);
  });
  app.get('/worker.mjs.sha256', { config }, async (request, reply) => {
    const { checksum } = await workerFile();
    const text = `${checksum}  worker.mjs\n`;
    return sendWithEtag(etagOf(text), request, reply, 'text/plain; charset=utf-8', text);
  });
  app.get('/install.sh', { config }, async (request, reply) => {
    const script = await readFile(new URL('deploy/worker/install.sh', packageRoot), 'utf8');
    const text = script.replace(/^server=$/m, () => `server='${callerAddress(request, basePathOf)}'`);
    return reply.header('content-type', 'text/x-shellscript; charset=utf-8').send(text);
  });
}

interface WorkerFile {
  readonly content: Buffer;
  readonly checksum: string;
  readonly etag: string;
}

/** Read on first use and then kept, so that content and checksum match. */
let kept: Promise<WorkerFile> | null = null;

function workerFile(): Promise<WorkerFile> {
  kept ??= readWorkerFile().catch((error: unknown) => {
    kept = null;
    throw error;
  });
  return kept;
}

async function readWorkerFile(): Promise<WorkerFile> {
  const content = await readFile(new URL('dist/worker.mjs', packageRoot));
  return { content, checksum: hash('sha256', content), etag: etagOf(content) };
}
