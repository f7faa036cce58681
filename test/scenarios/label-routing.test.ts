import { expect, test } from 'vitest';
import { expectStatus } from '../support/api.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

const workers = {
  linux: ['linux'],
  'linux-docker': ['linux', 'docker'],
  'gpu-box': ['linux', 'gpu', 'cuda'],
  staging: ['staging'],
};

/** Every job of the graph, not only its roots, with the workers that may run it. */
const jobs = {
  checkout: { labels: ['linux'], needs: [], by: ['linux', 'linux-docker', 'gpu-box'] },
  image: { labels: ['linux', 'docker'], needs: ['checkout'], by: ['linux-docker'] },
  train: { labels: ['gpu'], needs: ['checkout'], by: ['gpu-box'] },
  tune: { labels: ['cuda', 'gpu'], needs: ['train'], by: ['gpu-box'] },
  note: { labels: [], needs: ['checkout'], by: Object.keys(workers) },
  deploy: { labels: ['staging'], needs: ['image', 'tune', 'note'], by: ['staging'] },
  smoke: { labels: ['docker'], needs: ['deploy'], by: ['linux-docker'] },
  tidy: { labels: ['staging'], needs: ['smoke'], by: ['staging'] },
};

test('every job of a graph runs only on a worker that has all of its labels', async () => {
  const server = await startServerProcess();
  const api = server.api();
  for (const [id, labels] of Object.entries(workers)) await startWorkerProcess(server, { id, labels, slots: 2 });
  const id = await api.define({
    name: 'routed',
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([key, { labels, needs }]) => [
        key,
        { run: 'echo "$WORKFLOW_GRAPH_WORKER_ID"', labels, needs },
      ]),
    ),
  });

  for (let round = 0; round < 5; round++) {
    const run = await api.run(id);
    const ended = await api.ended(run);
    expect(ended.state).toBe('success');
    for (const job of ended.jobs) {
      const { by } = jobs[job.id as keyof typeof jobs];
      expect(by, `job ${job.id}`).toContain(job.worker_id);
      expect(await api.logText(run, job.id)).toBe(`${job.worker_id}\n`);
    }
  }
});

test('a job that no worker can run stays queued, does not block others, and runs when a suitable worker appears', async () => {
  const server = await startServerProcess();
  const api = server.api();
  await startWorkerProcess(server, { labels: ['linux'] });
  const run = await api.start({
    name: 'waits',
    jobs: {
      first: { run: 'true' },
      rare: { run: 'true', needs: ['first'], labels: ['linux', 'sparc'] },
      other: { run: 'true', needs: ['first'], labels: ['linux'] },
      last: { run: 'true', needs: ['rare', 'other'] },
    },
  });
  await api.jobIs(run, 'other', 'success');
  expect(await api.job(run, 'rare')).toMatchObject({ status: 'queued', worker_id: null });
  await startWorkerProcess(server, { id: 'old-iron', labels: ['sparc', 'linux'] });
  expect((await api.ended(run)).state).toBe('success');
  expect((await api.job(run, 'rare')).worker_id).toBe('old-iron');
});

test("a worker that takes only labelled jobs leaves the others, whether by its own setting or its token's", async () => {
  const server = await startServerProcess();
  const api = server.api();
  const jobs = { plain: { run: 'x' }, train: { run: 'x', labels: ['gpu'] } };
  const run = await api.start({ name: 'mixed', jobs });
  const claim = (body: object) => api.post('/api/jobs/claim', { worker_id: 'g', labels: ['gpu'], ...body });
  const claimed = async (body: object) => {
    const { body: answer } = await claim(body);
    return (answer as { job: { job_id: string } } | null)?.job.job_id ?? null;
  };
  expect(await until('a labelled job is claimed', () => claimed({ only_labelled: true }))).toBe('train');
  expect(await claimed({ only_labelled: true })).toBeNull();
  expect(await api.workers()).toMatchObject([{ worker_id: 'g', labels: ['gpu'], only_labelled: true }]);
  const why = await api.get(`/api/workflows/${run}/jobs/plain/why`);
  expect(JSON.stringify(why.body)).toContain('takes only jobs with labels');
  expect(await until('a job without labels is claimed', () => claimed({}))).toBe('plain');
});

test('registering again replaces the labels', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const register = async (labels: string[]) =>
    expectStatus(await api.post('/api/workers/register', { worker_id: 'w1', labels }), 200);
  await register(['a', 'b']);
  await register(['c']);
  expect(await api.workers()).toMatchObject([{ worker_id: 'w1', labels: ['c'], status: 'idle', current_job: null }]);
});
