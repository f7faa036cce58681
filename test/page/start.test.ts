import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { deployFile } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';

it('a run is started by a form generated from the inputs that its definition declares', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(deployFile);
  const page = await openPage(`${server.url}/workflows`);
  // Its id is meaningless, so its name is shown.
  await page.getByRole('link', { name: 'Deploy a service' }).click();
  await page.getByRole('heading', { name: 'Deploy a service' }).waitFor();
  await page.getByRole('link', { name: 'Run…' }).click();
  await page.waitForURL(`${server.url}/workflows/${workflow}/run`);

  await page.getByText('No worker is live: 2 jobs will wait.').waitFor();
  expect(await page.getByLabel('target').inputValue()).toBe('staging');
  expect(await page.getByLabel('dry_run').inputValue()).toBe('false');
  await page.getByLabel('note').fill('x'.repeat(21));
  await page.getByLabel('regions').fill('["eu"');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('input "replicas" is required').waitFor();
  await page.getByText('input "note" has 21 characters').waitFor();
  await page.getByText('input "regions" must be JSON').waitFor();
  expect(await page.evaluate('document.activeElement.name')).toBe('replicas');

  await page.getByLabel('replicas').fill('3');
  await page.getByLabel('note').fill('');
  await page.getByLabel('regions').fill('["eu"]');
  await page.getByLabel('target').selectOption('production');
  await page.getByText('From the command line').click();
  await page.getByText(`npx workflow-graph run ${workflow} --input target=production`).waitFor();
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  const run = page.url().split('/').at(-1) ?? '';
  const { body } = await server.api().get(`/api/runs?query=${run}`);
  const [started] = (body as { runs: { inputs: object }[] }).runs;
  expect(started?.inputs).toEqual({ target: 'production', dry_run: 'false', replicas: '3', regions: '["eu"]' });

  // Another run, with the same inputs.
  await server.api().post(`/api/workflows/${run}/cancel`, { force: true });
  await page.getByRole('link', { name: 'New run…' }).click();
  expect(await page.getByLabel('replicas').inputValue()).toBe('3');
  await page.getByLabel('replicas').fill('4');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('replicas=4').waitFor();
  await page.getByText('repeats').waitFor();
});

it('a workflow without declared inputs accepts any, as names and texts', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define({
    name: 'free',
    trigger: 'manual',
    jobs: [{ id: 'a', name: 'a', command: 'true', depends_on: [], required_labels: ['gpu'], max_retries: 0 }],
  });
  const page = await openPage(`${server.url}/workflows/${workflow}/run`);
  await page.getByRole('button', { name: 'Add an input' }).click();
  await page.keyboard.type('branch');
  await page.getByLabel('Value of branch').fill('main');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('branch=main').waitFor();
});
