import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { letGo, matrixFile, runIs } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

it('a job with a matrix is one row with the counts of its children, which can be reached from list, graph and its page', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  const workflow = await server.api().define(matrixFile(folder));
  const run = await server.api().run(workflow);
  const page = await openPage(`${server.url}/runs/${run}`);
  const list = page.getByRole('list', { name: 'Jobs' });
  const rows = list.getByRole('listitem');
  await list.getByText('0 of 6 ended').waitFor();
  expect(await rows.count()).toBe(2);

  // Unfolded, it follows its children without a reload; the address has the state.
  await list.getByRole('button', { name: '6 children' }).click();
  await page.waitForURL(/open=test/);
  await list.getByText('test (mac, 3)').waitFor();
  expect(await rows.count()).toBe(8);
  await page.evaluate('window.stillHere = true');
  letGo(folder);
  await list.getByText('failed (1 of 6)').waitFor();
  await rows.filter({ hasText: 'test.5' }).getByText('failed').waitFor();
  await rows.filter({ hasText: 'test.0' }).getByText('succeeded').waitFor();
  expect(await page.evaluate('window.stillHere')).toBe(true);

  // A filter for failures keeps the node, with the failed child.
  await page.getByRole('button', { name: /^1 failed/ }).click();
  await rows.nth(1).getByText('test.5').waitFor();
  expect(await rows.count()).toBe(2);
  await page.reload();
  await rows.nth(1).getByText('test.5').waitFor();

  await page.getByRole('button', { name: 'Graph' }).click();
  await page.getByRole('button', { name: 'test 6' }).click();
  const members = page.getByRole('region', { name: 'Jobs of this node' });
  await members.getByText('test (linux, 1)').waitFor();
  await members.getByRole('link', { name: 'test', exact: true }).click();

  // The page of the node lists its children, failed ones first, instead of a log.
  const children = page.getByRole('region', { name: 'Children' });
  expect(await children.getByRole('listitem').first().textContent()).toContain('test.5');
  await children.getByRole('link', { name: 'test.5' }).click();
  await page.getByRole('region', { name: 'Lines' }).getByText('no such disk').waitFor();
  await page.getByText('mac', { exact: true }).waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'test', exact: true }).click();
  await children.waitFor();
});

it('an open page recounts the children of a matrix that run again', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { slots: 2 });
  const folder = temporaryFolder();
  letGo(folder);
  const workflow = await server.api().define(matrixFile(folder));
  const run = await server.api().run(workflow);
  await runIs(server, run, 'failure');
  const page = await openPage(`${server.url}/runs/${run}?open=test`);
  const list = page.getByRole('list', { name: 'Jobs' });
  await list.getByText('failed (1 of 6)').waitFor();
  await list.getByRole('listitem').filter({ hasText: 'test.5' }).getByText('failed', { exact: true }).waitFor();
  await server.api().post(`/api/workflows/${run}/rerun`, { jobs: ['test.5'] });
  await list.getByRole('listitem').filter({ hasText: 'test.5' }).getByText('failed, attempt 1').waitFor();
  await list.getByText('failed (1 of 6)').waitFor();
});
