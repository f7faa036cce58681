import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { smallWorkflow, wideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

it('the queue shows what no worker takes, and links to the jobs and to their run', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(wideWorkflow(60));
  const worker = await startWorkerProcess(server, { labels: ['linux'], slots: 4 });
  const run = await server.api().run(workflow);
  await worker.event('job-ended', 'report');
  const page = await openPage(`${server.url}/queue`);
  await page.getByText('3 jobs wait for a worker', { exact: false }).waitFor();
  await page.getByText('No live worker has the label "gpu"').waitFor();
  await page.getByRole('button', { name: 'Show jobs' }).click();
  await page.waitForURL(/\/queue\?set=\d+$/);
  await page.getByText(`SERVER_URL=${server.url} WORKER_LABELS=gpu node worker.mjs`).waitFor();
  const jobs = page.getByRole('list', { name: 'Jobs in the order of their claims' }).getByRole('listitem');
  await jobs.first().waitFor();
  expect(await jobs.count()).toBe(3);
  expect(await jobs.first().textContent()).toContain('wide');
  await page.reload();
  await jobs.first().getByRole('link').click();
  await page.waitForURL(`${server.url}/runs/${run}/jobs/test-7`);

  await page.goto(`${server.url}/runs/${run}?view=why`);
  await page.getByRole('list', { name: 'Needs you' }).getByText('3 jobs need gpu').waitFor();
  await page.getByText('57 of 60 jobs succeeded.').waitFor();
  await startWorkerProcess(server, { labels: ['gpu'] });
  await page.getByText('All 60 jobs succeeded').waitFor();
  await page.goto(`${server.url}/queue`);
  await page.getByText('No job waits for a worker').waitFor();
});

it('a worker is shown with all jobs that it runs', async () => {
  const server = await startServerProcess();
  const worker = await startWorkerProcess(server, { id: 'box-1', labels: ['linux'], slots: 2 });
  const workflow = await server.api().define(smallWorkflow(temporaryFolder()));
  await server.api().run(workflow);
  await server.api().run(workflow);
  await worker.event('job-started', 'fetch');
  const page = await openPage(`${server.url}/workers`);
  await page.getByRole('link', { name: 'box-1' }).click();
  await page.waitForURL(`${server.url}/workers/box-1`);
  const jobs = page.getByRole('list', { name: 'Jobs that it runs' }).getByRole('listitem');
  await jobs.nth(1).waitFor();
  expect(await jobs.first().textContent()).toContain('small');
  await page.goto(`${server.url}/workers/nobody`);
  await page.getByText('Not found').waitFor();
});
