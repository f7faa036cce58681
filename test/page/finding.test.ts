import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { letGo, mendableWorkflow, runIs, smallWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

it('the palette leads to pages, workflows and runs, with the keyboard alone', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  const workflow = await server.api().define(smallWorkflow(folder));
  const run = await server.api().run(workflow);
  const page = await openPage(`${server.url}/settings`);
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Go to' });
  await palette.getByRole('option', { name: 'Queue' }).waitFor();
  await page.keyboard.type('fail');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/runs?state=failure`);

  await page.keyboard.press('Control+k');
  await page.keyboard.type(run.slice(0, 13));
  await palette.getByRole('option', { name: /^Run small/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/runs/${run}`));

  await page.keyboard.press('Control+k');
  await page.keyboard.type('small');
  await palette.getByRole('option', { name: 'Workflow' }).first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/workflows\//);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('no such thing');
  await palette.getByText('Nothing is named so.').waitFor();
  await page.keyboard.press('Escape');
  expect(await palette.count()).toBe(0);
});

it('two runs are compared job by job, differing results first', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  const workflow = await server.api().define(mendableWorkflow(folder));
  const failed = await server.api().run(workflow);
  await runIs(server, failed, 'failure');
  writeFileSync(join(folder, 'mended'), '');
  const mended = await server.api().run(workflow);
  await runIs(server, mended, 'success');
  const page = await openPage(`${server.url}/runs/${mended}`);
  await page.getByRole('link', { name: 'Compare' }).click();
  const rows = page.getByRole('table').getByRole('row');
  await page.getByRole('region', { name: 'Run A' }).getByText(failed.slice(0, 13)).waitFor();
  await page.getByRole('region', { name: 'Run B' }).getByText('succeeded').waitFor();
  const names = await rows.getByRole('rowheader').allTextContents();
  expect(names.slice(0, 2).sort()).toEqual(['report', 'test']);
  await page.getByRole('button', { name: 'Swap' }).click();
  await page.waitForURL(new RegExp(`a=${mended}&b=${failed}`));

  await page.goto(`${server.url}/compare?b=${failed}`);
  await page.getByText('There is no run before it').waitFor();
});

it('the audit log shows who did what, and links to its subject', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  letGo(folder);
  const workflow = await server.api().define(smallWorkflow(folder));
  const run = await server.api().run(workflow);
  const page = await openPage(`${server.url}/audit`);
  const entries = page.getByRole('list', { name: 'What was done, newest first' });
  await entries.getByText('Run started').waitFor();
  await entries.getByText('Workflow created').waitFor();
  await page.getByLabel('Action').selectOption('run.started');
  await page.waitForURL(/action=run.started/);
  await entries.getByText('Workflow created').waitFor({ state: 'detached' });
  await entries.getByRole('link', { name: run }).click();
  await page.waitForURL(new RegExp(`/runs/${run}`));
});

it('the history of a workflow has a row for each job and links to each of its logs', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  const workflow = await server.api().define(mendableWorkflow(folder));
  const runs: string[] = [];
  for (let n = 0; n < 3; n++) {
    const run = await server.api().run(workflow);
    await runIs(server, run, 'failure');
    runs.push(run);
  }
  const page = await openPage(`${server.url}/workflows/${workflow}`);
  await page.getByRole('region', { name: 'Trend' }).getByText('0 of 3').waitFor();
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.waitForURL(/tab=jobs/);
  const grid = page.getByRole('region', { name: 'History of jobs' });
  await grid.getByText('3/3').waitFor();
  expect(await grid.getByRole('rowheader').allTextContents()).toEqual(['test', 'fetch', 'report']);
  await grid.getByRole('row', { name: 'test' }).getByRole('link', { name: 'failed' }).first().click();
  await page.waitForURL(`${server.url}/runs/${runs.at(-1)}/jobs/test`);
  await page.getByText('connection refused').first().waitFor();

  await page.goto(`${server.url}/workflows/${workflow}`);
  await page.getByRole('link', { name: 'Trend', exact: true }).click();
  await page.waitForURL(/tab=trend/);
  await page
    .getByRole('region', { name: 'Statistics' })
    .getByText(/^3 runs since .* · 0 % succeeded$/)
    .waitFor();
  const unreliable = page.getByRole('table', { name: 'Unreliable jobs of 3 runs' });
  expect(await unreliable.getByRole('rowheader').allTextContents()).toEqual(['test']);
  await unreliable.getByText('3 of 3').waitFor();
  await page.getByRole('table', { name: 'Runs that succeeded by day' }).getByText('0 %').first().waitFor();
  await page.goto(`${server.url}/`);
  await page.getByRole('region', { name: 'Last 24 h' }).getByText('3 runs · 0 % succeeded').waitFor();
});
