import type { FastifyRequest } from 'fastify';
import type { BasePath } from './base-path.js';

const hostPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/**
 * The address at which the caller reaches this server, without a trailing slash; empty when the Host header is not safe
 * in a shell script.
 */
export function callerAddress(request: FastifyRequest, basePathOf: BasePath): string {
  if (!hostPattern.test(request.host)) return '';
  const scheme = request.protocol === 'https' ? 'https' : 'http';
  return `${scheme}://${request.host}${basePathOf(request).replace(/\/$/, '')}`;
}
