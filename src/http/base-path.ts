import type { FastifyRequest } from 'fastify';

/** The path below which the caller of a request reaches the server; begins and ends with `/`. */
export type BasePath = (request: Pick<FastifyRequest, 'headers'>) => string;

const prefixPattern = /^(?:\/[\w.~-]+)+\/?$/;

/**
 * The base path of the settings, or, behind a trusted proxy, that of its `X-Forwarded-Prefix`. The proxy removes it
 * from the path of each request; the server needs it for addresses that it sends to browsers.
 */
export function basePathReader({ basePath, trustProxy }: { basePath: string; trustProxy: boolean }): BasePath {
  if (!trustProxy) return () => basePath;
  return ({ headers }) => {
    const prefix = headers['x-forwarded-prefix'];
    if (typeof prefix !== 'string' || !prefixPattern.test(prefix)) return basePath;
    return prefix.endsWith('/') ? prefix : `${prefix}/`;
  };
}
