import type { FastifyInstance } from 'fastify';
import type { Readiness } from '../api/readiness.js';

/** `/healthz`: the process answers. `/readyz`: it can serve, or 503 with the reason. Neither checks the host. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', { config: { policy: 'public', anyHost: true } }, async (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8');
    return '{"alive":true}';
  });

  app.get('/readyz', { config: { policy: 'public', anyHost: true } }, async (_request, reply) => {
    const { ready, reason } = await readiness.check();
    return reply.code(ready ? 200 : 503).send(ready ? { ready } : { ready, reason });
  });
}
