import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown } from './etag.js';

/** Answers with a content, or with 304 when the caller has it. */
export function sendWithEtag(
  etag: string,
  request: FastifyRequest,
  reply: FastifyReply,
  contentType: string,
  content: Buffer | string,
): FastifyReply {
  reply.header('etag', etag).header('cache-control', 'no-cache');
  if (isKnown(request, etag)) return reply.code(304).send();
  return reply.header('content-type', contentType).send(content);
}
