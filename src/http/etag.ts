import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Identifies a content, so that a client can revalidate its cached copy. */
export function etagOf(content: Buffer | string): string {
  return `"${hash('sha256', content, 'base64url').slice(0, 22)}"`;
}

/** Whether the client has the present content. */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const known = request.headers['if-none-match'];
  return known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) ?? false;
}
