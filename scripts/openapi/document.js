// The OpenAPI 3.1 document of the documented JSON paths, generated from the proto: its comments, google.api.http rules,
// policies and field rules, and the mapping of the JSON binding (src/http/json-binding). A test sends generated
// requests to a real server and checks every response against it.
import { apiFiles, comment, httpRule } from '../proto-image.js';
import { definitionSchemas } from './definition-schemas.js';
import { errorResponses, errorSchemas } from './errors.js';
import { operation } from './operations.js';
import { Schemas } from './schemas.js';
import { serverPaths } from './server-paths.js';

const about = `Jobs that form a graph, run by workers in any language.

All bodies are JSON with snake_case names. 64-bit integers are numbers, fields with default values are written, unset fields
are \`null\` (lists and maps are empty), and times are Unix milliseconds. Enum values are lower-case words.

In requests, unknown fields are ignored, \`null\` means absent, a number can be sent as a decimal string, and
the content type is ignored where JSON is expected. A string
with U+0000 is refused, except in the output of a job; a lone surrogate is read as U+FFFD.

Once the server has a token, every call except public ones needs a token with one of the operation's scopes;
\`admin\` is always enough. Paths with \`GET\` also support \`HEAD\`, without a body, unless they are streams.

Future versions can add fields to responses; the meaning of existing fields does not change. The streams (\`WorkJobs\`, \`StreamHeartbeats\`,
\`StreamLogs\`, \`WatchRuns\`) are available over gRPC, gRPC-Web and Connect on the same port.`;

/** `parts`: the version, and the JSON Schemas of the two forms of a definition. */
export function openApiDocument(image, { version, workflowFile, apiForm }) {
  const files = apiFiles(image);
  const schemas = new Schemas(files);
  const paths = {};
  const tags = [];
  for (const file of files) {
    for (const [at, service] of (file.service ?? []).entries()) {
      tags.push({ name: service.name, description: comment(file, [6, at]) });
      for (const [index, method] of service.method.entries()) {
        const rule = httpRule(method);
        if (rule === null) continue;
        const text = comment(file, [6, at, 2, index]);
        paths[rule.route] ??= {};
        paths[rule.route][rule.verb] = operation({ schemas, service, method, rule, text });
      }
    }
  }
  tags.push({ name: 'Server', description: 'Health, metrics, descriptions and downloads.' });
  return {
    openapi: '3.1.1',
    info: { title: 'workflow-graph', version, description: about, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags,
    paths: { ...paths, ...serverPaths() },
    components: {
      schemas: { ...schemas.all(), ...definitionSchemas({ workflowFile, apiForm }), ...errorSchemas() },
      responses: errorResponses(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token from `workflow-graph token create`. A server without tokens requires none.',
        },
      },
    },
  };
}
