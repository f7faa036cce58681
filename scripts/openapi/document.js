// The OpenAPI 3.1 document of the documented JSON paths, made from the proto: its comments, google.api.http rules,
// policies and field rules, and what the JSON binding (src/http/json-binding) makes of messages. A test sends requests
// made from it to a real server and holds every answer to it.
import { apiFiles, comment, httpRule } from '../proto-image.js';
import { definitionSchemas } from './definition-schemas.js';
import { errorResponses, errorSchemas } from './errors.js';
import { operation } from './operations.js';
import { Schemas } from './schemas.js';
import { serverPaths } from './server-paths.js';

const about = `Jobs that form a graph, run by workers in any language.

All of it is JSON with snake_case names. 64-bit integers are numbers, fields with default values are written, what is unset
is \`null\`, times are Unix milliseconds. An enum is a word in lower case.

Of a request, unknown fields are passed over, \`null\` is the same as absent, a number may be sent as a decimal string, and
the content type does not matter where JSON is expected. A text
with U+0000 is refused, but for what a job printed; a lone surrogate is read as U+FFFD.

Once the server has a token, every call outside of what is public needs one that has one of the operation's scopes;
\`admin\` is always enough. A path with \`GET\` answers \`HEAD\` too, without a body, where it is not a stream.

Answers may get more fields; none that is there changes its meaning. The streams (\`WorkJobs\`, \`StreamHeartbeats\`,
\`StreamLogs\`, \`WatchRuns\`) are spoken over gRPC, gRPC-Web and Connect on the same port.`;

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
  tags.push({ name: 'Server', description: 'Whether it is well, and what describes it.' });
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
          description: 'A token of `workflow-graph token create`. A server without tokens asks for none.',
        },
      },
    },
  };
}
