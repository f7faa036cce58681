// A client as somebody writes it on the types that openapi-typescript makes of the API description (`api.d.ts`, generated
// beside it by test/http/openapi-client.test.ts). It prints what the server answered.
import type { components, paths } from './api.js';

type Json<T> = T extends { content: { 'application/json': infer J } } ? J : never;
type Answer<P extends keyof paths, V extends keyof paths[P], S extends number> = paths[P][V] extends {
  responses: infer R;
}
  ? S extends keyof R
    ? Json<R[S]>
    : never
  : never;
type Body<P extends keyof paths, V extends keyof paths[P]> = paths[P][V] extends { requestBody?: infer B }
  ? Json<NonNullable<B>>
  : never;

const server = process.argv[2] ?? '';

async function call<T>(verb: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(server + path, { method: verb, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${verb} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

const requestId: NonNullable<NonNullable<paths['/api/workflows']['post']['parameters']['query']>['request_id']> =
  '0b3f2c1e-8d55-4a6b-9d6e-0f4f6a1f2b3c';
const definition: Body<'/api/workflows', 'post'> = {
  name: 'from a generated client',
  trigger: 'push',
  jobs: [{ id: 'build', command: 'true', retry_policy: { max_retries: 1, backoff: { Fixed: { delay_secs: 1 } } } }],
};
const made = await call<Answer<'/api/workflows', 'post', 201>>(
  'POST',
  `/api/workflows?request_id=${requestId}`,
  definition,
);
const run: Body<'/api/workflows/{id}/run', 'post'> = { inputs: { a: 'b' } };
const { run_id } = await call<Answer<'/api/workflows/{id}/run', 'post', 202>>(
  'POST',
  `/api/workflows/${made?.id}/run`,
  run,
);
const wanted: Body<'/api/jobs/claim', 'post'> = { worker_id: 'w', labels: [] };
const claim = await call<Answer<'/api/jobs/claim', 'post', 200>>('POST', '/api/jobs/claim', wanted);
if (claim === null || claim.job === null || claim.lease === null) throw new Error('there was no job');

const backoff: components['schemas']['Backoff'] | null = claim.job.retry_policy?.backoff ?? null;
const delaySecs: number =
  typeof backoff === 'object' && backoff !== null && 'Fixed' in backoff ? backoff.Fixed.delay_secs : -1;
const delayedUntilMs: number = claim.job.delayed_until_ms;

const list = await call<Answer<'/api/workflows', 'get', 200>>('GET', '/api/workflows');
const [job] = list[0]?.jobs ?? [];
const status: components['schemas']['JobStatus'] | undefined = job?.status;
const durationSecs: number | null | undefined = job?.duration_secs;
const metadata: Record<string, unknown> | undefined = job?.metadata;
const cancel: Body<'/api/workflows/{id}/cancel', 'post'> = { force: true };
await call('POST', `/api/workflows/${run_id}/cancel`, cancel);

console.log(
  JSON.stringify({
    isOfRun: claim.job.workflow_id === run_id,
    delaySecs,
    delayedUntilMs,
    status,
    durationSecs,
    metadata,
  }),
);
