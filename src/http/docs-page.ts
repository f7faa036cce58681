import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { sendFile } from './send-file.js';

/**
 * `/docs`: the API's description as a page, by Swagger UI. The page loads everything from this server, by relative
 * addresses, so it works behind a proxy that adds a path prefix. Its files are read from their package on request, so
 * they cost nothing until then.
 */
export function docsPage(app: FastifyInstance): void {
  const config = { policy: 'public' } as const;
  app.get('/docs', { config }, (_request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', contentSecurityPolicy)
      .header('referrer-policy', 'no-referrer')
      .send(page),
  );
  app.get('/docs/start.js', { config }, (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(start),
  );
  for (const [name, contentType] of assets) {
    app.get(`/docs/${name}`, { config }, (_request, reply) => {
      reply.header('cache-control', 'public, max-age=3600');
      return sendFile(reply, require.resolve(`@fastify/swagger-ui/static/${name}`), contentType);
    });
  }
}

const require = createRequire(import.meta.url);

const assets = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
]);

/** Swagger UI writes styles into the page, and embeds its pictures in its style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>workflow-graph API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="api"></div>
<noscript>This page needs JavaScript; the description itself is at <a href="openapi.json">/openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/** No validator: Swagger UI would send the description to a public one. */
const start = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;
