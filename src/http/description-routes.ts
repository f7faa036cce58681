import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../package-root.js';
import { sendFile } from './send-file.js';

/**
 * What describes the API and the workflow files to programs: `/openapi.json` and `/schema/workflow.json`. Both are made by
 * scripts/generate.js and public, as they are in the repository: they say nothing of this server.
 */
export function descriptionRoutes(app: FastifyInstance): void {
  const config = { policy: 'public' } as const;
  app.get('/openapi.json', { config }, (_request, reply) =>
    sendFile(reply, new URL('schema/openapi.json', packageRoot), 'application/json; charset=utf-8'),
  );
  app.get('/schema/workflow.json', { config }, (_request, reply) =>
    sendFile(reply, new URL('schema/workflow.json', packageRoot), 'application/schema+json; charset=utf-8'),
  );
}
