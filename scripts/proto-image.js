// The proto as parsed by buf: the descriptors of every file, with their comments.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The files' descriptors, as JSON. */
export function protoImage(root) {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/buf'), ['build', '-o', '-#format=json'], {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, PATH: `${join(root, 'node_modules/node/bin')}:${process.env.PATH}` },
  });
  if (status !== 0) throw new Error(`buf build failed: ${stderr}`);
  return JSON.parse(stdout).file;
}

/** The files of this API, except those that only define options. */
export function apiFiles(image) {
  return image.filter((file) => file.package === 'workflowgraph.v1' && !file.name.endsWith('options.proto'));
}

/** The comment at a path of a file's descriptor. */
export function comment(file, path) {
  const wanted = path.join(',');
  const found = file.sourceCodeInfo?.location.find((location) => (location.path ?? []).join(',') === wanted);
  return (found?.leadingComments ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

/** A method's HTTP rule as `{verb, route, body, responseBody, status}`; null if absent. */
export function httpRule(method) {
  const rule = method.options?.['[google.api.http]'];
  if (rule === undefined) return null;
  const verbs = ['get', 'post', 'put', 'delete', 'patch'];
  const [verb, route] = Object.entries(rule).find(([key]) => verbs.includes(key));
  const status = method.options['[workflowgraph.v1.http_status]'] ?? 200;
  return { verb, route, body: rule.body ?? '', responseBody: rule.responseBody ?? '', status };
}

/** The scopes of which a caller needs one, in lower case; `public` for everyone. */
export function scopesOf(method) {
  const scopes = method.options?.['[workflowgraph.v1.policy]']?.anyOf ?? [];
  return scopes.map((scope) => scope.replace('SCOPE_', '').toLowerCase());
}
