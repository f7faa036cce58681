// A Fastify server that reads a JSON body, returns the response of a claim, and does nothing else.
import Fastify from 'fastify';

const claim = {
  job: {
    job_id: 'job-1',
    workflow_id: '019a9e3c-5b1e-7c3a-9c55-3f2d1c0b8a76',
    command: 'true',
    required_labels: [],
    retry_policy: { max_retries: 0, backoff: 'None' },
    attempt: 0,
    upstream_outputs: {},
    enqueued_at_ms: 1_763_000_000_000,
    delayed_until_ms: null,
    workflow: '019a9e3c-5b1e-7c3a-9c55-3f2d1c0b8a75',
    name: 'job-1',
    timeout_secs: null,
    env: {},
    steps: [],
    inputs: {},
    priority: 0,
    metadata: null,
  },
  lease: {
    lease_id: '2n9c-0-Zk0c2f3o3cJk1v9a8b7c6d',
    job_id: 'job-1',
    workflow_id: '019a9e3c-5b1e-7c3a-9c55-3f2d1c0b8a76',
    worker_id: 'bench-1',
    ttl_secs: 60,
    granted_at_ms: 1_763_000_000_000,
  },
};

const app = Fastify({ logger: false });
app.post('/api/jobs/claim', async () => claim);
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
process.on('SIGTERM', () => process.exit(0));
