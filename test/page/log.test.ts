import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { runIs } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** Writes `first` lines, then `more` on a signal of the test, and ends on another. */
function talkative(folder: string, first: number, more: number): object {
  const waitFor = (name: string) => `while [ ! -e '${join(folder, name)}' ]; do sleep 0.05; done`;
  const lines = (from: number, to: number) => `seq -f 'line %.0f' ${from} ${to}`;
  const command = `${lines(1, first)}; ${waitFor('more')}; ${lines(first + 1, first + more)}; ${waitFor('end')}`;
  return {
    name: 'talk',
    trigger: 'manual',
    jobs: [{ id: 'talk', name: 'talk', command, depends_on: [], required_labels: [], max_retries: 0 }],
  };
}

it('follows the end until the reader scrolls up, and then stays in place', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server);
  const folder = temporaryFolder();
  const workflow = await server.api().define(talkative(folder, 2_000, 500));
  const run = await server.api().run(workflow);
  await until('it talks', async () => {
    const { body } = await server.api().get(`/api/workflows/${run}/jobs/talk/logs?tail=1`);
    return JSON.stringify(body).includes('line 2000');
  });
  const page = await openPage(`${server.url}/runs/${run}/jobs/talk`);
  await page.getByText('line 2000', { exact: true }).waitFor();
  await page.getByTestId('log-state').getByText('following', { exact: false }).waitFor();
  expect(await page.locator('[data-line]').count()).toBeLessThan(200);

  const lines = page.getByRole('region', { name: 'Lines' });
  await lines.hover();
  await page.mouse.wheel(0, -4_000);
  await page.getByTestId('log-state').getByText('not following').waitFor();
  const held = await lines.evaluate('(element) => element.scrollTop');
  writeFileSync(join(folder, 'more'), '');
  await page.getByRole('button', { name: '500 new lines' }).waitFor();
  expect(await lines.evaluate('(element) => element.scrollTop')).toBe(held);
  await page.getByRole('button', { name: '500 new lines' }).click();
  await page.getByText('line 2500', { exact: true }).waitFor();
  writeFileSync(join(folder, 'end'), '');
  await page.getByText('succeeded', { exact: false }).first().waitFor();

  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('LINE 1234');
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Regular expression' }).click();
  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('^LINE 12\\d4$');
  await page.getByText('1 of 10', { exact: true }).waitFor();
  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('line (12');
  await page.getByRole('alert').getByText('missing closing )').waitFor();
  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('line 1234$');
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await page.locator('[data-line="1234"]').first().click();
  await page.waitForURL(/#L1234$/);
  const linked = await openPage(page.url());
  await linked.locator('[data-line="1234"]').first().waitFor();
  await linked.getByText('line 1234', { exact: true }).waitFor();
});

it('of any length opens at its end or at a linked line, reads little for it, and finds text that is not loaded', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server);
  const count = 60_000;
  const command = `seq -f 'line %.0f of a log with lines of about a hundred characters, as programs that build other programs write them' 1 ${count}; exit 1`;
  const workflow = await server.api().define({
    name: 'long',
    trigger: 'manual',
    jobs: [{ id: 'long', name: 'long', command, depends_on: [], required_labels: [], max_retries: 0 }],
  });
  const run = await server.api().run(workflow);
  await runIs(server, run, 'failure');
  const line = (number: number) => `line ${number} of a log`;

  const page = await openPage(`${server.url}/`);
  let bytes = 0;
  page.on('response', async (response) => {
    if (response.url().includes('LogService')) bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
  });
  await page.goto(`${server.url}/runs/${run}/jobs/long`);
  await page.getByText(line(count)).waitFor();
  expect(await page.locator('[data-line]').count()).toBeLessThan(200);
  expect(bytes).toBeLessThan(1_000_000);

  await page.goto(`${server.url}/runs/${run}/jobs/long#L31000`);
  await page.reload();
  await page.getByText(line(31_000)).waitFor();
  await page.getByTestId('log-state').getByText('60,00', { exact: false }).waitFor();
  expect(bytes).toBeLessThan(2_000_000);
  await page.keyboard.press('Home');
  await page.getByText(line(1), { exact: false }).first().waitFor();
  await page.getByRole('textbox', { name: 'Go to a line' }).fill('45000');
  await page.keyboard.press('Enter');
  await page.getByText(line(45_000)).waitFor();
  await page.waitForURL(/#L45000$/);

  await page.keyboard.press('Control+f');
  await page.keyboard.type('LINE 12345 of');
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText(line(12_345)).waitFor();
  await page.getByRole('button', { name: 'Match case' }).click();
  await page.getByText('none', { exact: true }).waitFor();

  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`${run}-long-0.log`);
  const text = readFileSync(await download.path(), 'utf8');
  expect(text).toContain(line(1));
  expect(text.split('\n').length).toBeGreaterThan(count);
});
