import { constants, type Http2ServerRequest } from 'node:http2';
import type { FastifyInstance } from 'fastify';

/**
 * Ends HTTP/2 requests whose body does not arrive in time, as Node's HTTP/1.1 server does by itself. Methods with a
 * client stream have no such limit; their paths are in `streaming`.
 */
export function endSlowBodies(app: FastifyInstance, timeoutMs: number, streaming: ReadonlySet<string>): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.raw.httpVersionMajor === 2 && !streaming.has(request.routeOptions.url ?? '')) {
      const raw = request.raw as unknown as Http2ServerRequest;
      const timer = setTimeout(() => raw.stream.close(constants.NGHTTP2_CANCEL), timeoutMs);
      const arrived = () => clearTimeout(timer);
      raw.once('end', arrived).once('close', arrived);
    }
    done();
  });
}
