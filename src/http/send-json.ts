import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptedEncodings, varyBy } from './accepted-encodings.js';

const compress = promisify(gzip);

/** Smaller answers, in bytes, are not compressed: another packet or two cost less. */
const compressMinBytes = 4 * 1024;

/** Most of what gzip can save, in a fraction of its time. */
const options = { level: constants.Z_BEST_SPEED + 2 };

/**
 * Sends a JSON text, or its pieces when it is long; compressed for readers that accept gzip. Answers to workers, which
 * are POST calls, are not compressed.
 */
export async function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  json: string | Readable,
): Promise<FastifyReply> {
  const isSmall = typeof json === 'string' && json.length < compressMinBytes;
  if (request.method !== 'GET' || isSmall) return reply.send(json);
  reply.header('vary', varyBy(reply.getHeader('vary'), 'accept-encoding'));
  if (!acceptedEncodings(request.headers['accept-encoding']).has('gzip')) return reply.send(json);
  reply.header('content-encoding', 'gzip');
  if (typeof json === 'string') return reply.send(await compress(json, options));
  // When one of the two fails, the other ends too.
  return reply.send(pipeline(json, createGzip(options), () => {}));
}
