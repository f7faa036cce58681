import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { letGo, mendableWorkflow, runIs } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

it('a re-run is previewed, and followed on the same page', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  letGo(folder);
  const workflow = await server.api().define(mendableWorkflow(folder));
  const run = await server.api().run(workflow);
  await runIs(server, run, 'failure');
  const page = await openPage(`${server.url}/runs/${run}`);
  await page.getByTestId('run-state').getByText('failed').waitFor();
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('2 run again').waitFor();
  await dialog.getByText('1 stays as it is').waitFor();
  await dialog.getByText('needs a job that runs again').waitFor();
  // Nothing has happened yet.
  await runIs(server, run, 'failure');
  await dialog.getByLabel('Every job').check();
  await dialog.getByText('3 run again').waitFor();
  await dialog.getByLabel('What failed').check();
  writeFileSync(join(folder, 'mended'), '');
  await dialog.getByRole('button', { name: 'Run 2 jobs again' }).click();
  await page.getByTestId('run-state').getByText('succeeded').waitFor();
  await page.getByText('re-run once').waitFor();
  await page.getByText('3 of 3 jobs done').waitFor();
});

it('running jobs are cancelled first if requested', async () => {
  const server = await startServerProcess();
  const worker = await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  const workflow = await server.api().define({
    name: 'long',
    trigger: 'manual',
    jobs: [
      { id: 'first', name: 'first', command: 'true', depends_on: [], required_labels: [], max_retries: 0 },
      {
        id: 'second',
        name: 'second',
        command: `while [ ! -e '${join(folder, 'end')}' ]; do sleep 0.05; done`,
        depends_on: ['first'],
        required_labels: [],
        max_retries: 0,
      },
    ],
  });
  const run = await server.api().run(workflow);
  await worker.event('job-started', 'second');
  const page = await openPage(`${server.url}/runs/${run}/jobs/first`);
  await page.getByRole('button', { name: 'Re-run…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('alert').first().waitFor();
  await dialog.getByLabel('First cancel those that run').check();
  await dialog.getByRole('button', { name: 'Cancel those that run' }).click();
  writeFileSync(join(folder, 'end'), '');
  await runIs(server, run, 'success');
  expect((await server.api().job(run, 'second')).attempt).toBeGreaterThan(0);
});

it('a single job is re-run from its page', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  letGo(folder);
  writeFileSync(join(folder, 'mended'), '');
  const workflow = await server.api().define(mendableWorkflow(folder));
  const run = await server.api().run(workflow);
  await runIs(server, run, 'success');
  const page = await openPage(`${server.url}/runs/${run}/jobs/fetch`);
  await page.getByRole('button', { name: 'Re-run…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('3 run again').waitFor();
  await dialog.getByLabel('Only fetch').check();
  await dialog.getByText('1 runs again').waitFor();
  await dialog.getByText('2 stay as they are').waitFor();
  await dialog.getByRole('button', { name: 'Run 1 job again' }).click();
  await page.getByRole('navigation', { name: 'Attempts' }).getByText('Attempt 1').waitFor();
  await runIs(server, run, 'success');
  expect(await dialog.count()).toBe(0);
});
