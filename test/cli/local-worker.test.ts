import { expect, test } from 'vitest';
import { workerEnvironment } from '../../src/cli/local-worker.js';
import { settings } from '../../src/config.js';

test("the worker started by a server gets none of the server's settings and credentials", () => {
  const kept = {
    PATH: '/bin',
    HOME: '/root',
    LANG: 'C',
    WORKER_PASS_ENV: 'AWS_*,PGPASSWORD',
    AWS_REGION: 'eu',
    PGPASSWORD: 'for jobs',
    PGP_KEY: 'x',
  };
  const secret = {
    ...Object.fromEntries(Object.values(settings).map(({ env }) => [env, 'secret'])),
    SERVER_URL: 'http://user:secret@ci',
    WORKFLOW_GRAPH_TOKEN: 'secret',
    WORKFLOW_GRAPH_TOKEN_FILE: '/secret',
    PGPASSFILE: 'secret',
    PGSSLKEY: 'secret',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
  };
  expect(workerEnvironment({ ...kept, ...secret })).toEqual(kept);
});
