import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/metrics.js';

/** `/metrics`, in the text format of Prometheus; it requires the scope `read`. */
export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', { config: { policy: 'read' } }, async (_request, reply) => {
    const { text, contentType } = await metrics.read();
    return reply.header('content-type', contentType).send(text);
  });
}
