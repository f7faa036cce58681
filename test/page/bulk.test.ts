import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { runIs, wideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';

it('runs are selected by checkbox and by key, and the result of each is shown', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(wideWorkflow(4));
  const runs: string[] = [];
  for (let n = 0; n < 3; n++) runs.push(await server.api().run(workflow));
  const [first = '', second = '', third = ''] = runs;
  await server.api().cancel(first);
  await runIs(server, first, 'cancelled');
  const page = await openPage(`${server.url}/runs`);
  const rows = page.getByRole('list', { name: 'Runs, newest first' }).getByRole('listitem');
  await rows.nth(2).waitFor();
  await rows.nth(0).getByRole('checkbox').check();
  await rows
    .nth(2)
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] });
  const bar = page.getByRole('region', { name: 'Chosen runs' });
  await bar.getByText('3 chosen').waitFor();
  // The key acts on the focused row.
  await rows.nth(1).getByRole('link').focus();
  await page.keyboard.press('x');
  await bar.getByText('2 chosen').waitFor();
  await bar.getByRole('button', { name: 'Cancel…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 run left out: it has ended.').waitFor();
  await dialog.getByRole('button', { name: 'Cancel 1 run' }).click();
  await dialog.getByRole('list', { name: 'Runs' }).getByText('cancelled').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await runIs(server, third, 'cancelled');
  await runIs(server, second, 'queued');

  await bar.getByRole('button', { name: 'Choose none' }).click();
  expect(await bar.count()).toBe(0);
});
