import { describe, expect, it } from 'vitest';
import { scaled } from '../support/machine.js';
import { openBrowser, openPage } from '../support/page/browser.js';
import { hostileWorkflow, letGo, runIs, smallWorkflow, wideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

describe('a run', () => {
  it('is followed to its end without a reload, and links to its failure and the log', async () => {
    const server = await startServerProcess();
    await startWorkerProcess(server, { slots: 2 });
    const folder = temporaryFolder();
    const workflow = await server.api().define(smallWorkflow(folder));
    const run = await server.api().run(workflow);
    const page = await openPage(`${server.url}/runs/${workflow}`);
    await page.waitForURL(`${server.url}/runs/${run}`);
    await page.getByTestId('run-state').getByText('running').waitFor();
    await page.evaluate('window.stillHere = true');
    letGo(folder);
    await page.getByTestId('run-state').getByText('failed').waitFor();
    await page.getByText('4 of 4 jobs done').waitFor();
    expect(await page.evaluate('window.stillHere')).toBe(true);
    expect(await page.title()).toContain('✗');

    const reason = page.getByRole('list', { name: 'Why' });
    expect(await reason.textContent()).toContain('exit status 3');
    await reason.getByRole('link', { name: 'break' }).click();
    await page.getByText('registry said 403').first().waitFor();
    await page.goBack();
    // The list pushes down what follows it when it arrives.
    await reason.waitFor();
    await page.getByRole('button', { name: '1 skipped' }).click();
    await page.waitForURL(/state=skipped/);
    expect(await page.getByRole('list', { name: 'Jobs' }).getByRole('listitem').count()).toBe(1);
  });

  it('with many jobs stays small in the browser, names the missing label, and is folded as a graph', async () => {
    const server = await startServerProcess();
    const workflow = await server.api().define(wideWorkflow(2_000));
    const worker = await startWorkerProcess(server, { slots: 1 });
    const run = await server.api().run(workflow);
    await worker.event('job-ended', 'prepare');
    const page = await openPage(`${server.url}/runs/${run}`);
    await page.getByRole('list', { name: 'Why' }).getByText('need gpu').waitFor();
    await page.getByRole('list', { name: 'Jobs' }).getByText('test-3', { exact: true }).waitFor();
    expect(await page.locator('*').count()).toBeLessThan(3_000);
    await page.getByRole('button', { name: 'Graph' }).click();
    await page.getByText(/2,000 jobs in \d nodes/).waitFor();
    await page
      .getByRole('button', { name: /test-\* \d/ })
      .first()
      .click();
    await page.getByRole('region', { name: 'Jobs of this node' }).waitFor();
    await page.getByRole('button', { name: 'Timeline' }).click();
    await page.getByText('The longest chain').waitFor();
    await server.api().post(`/api/workflows/${run}/cancel`, { force: true });
    await page.getByTestId('run-state').getByText('cancelled').waitFor();
  });

  it('is cancelled from the page, after a confirmation', async () => {
    const server = await startServerProcess();
    const workflow = await server.api().define(wideWorkflow(5));
    const run = await server.api().run(workflow);
    const page = await openPage(`${server.url}/runs/${run}`);
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await page.getByRole('dialog').getByText('5 jobs that wait do').waitFor();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByTestId('run-state').getByText('cancelled').waitFor();
    await runIs(server, run, 'cancelled');
    expect(await page.getByRole('button', { name: 'Cancel run…' }).count()).toBe(0);
  });

  it('shows markup in its texts as text', async () => {
    const server = await startServerProcess();
    await startWorkerProcess(server);
    const workflow = await server.api().define(hostileWorkflow());
    const run = await server.api().run(workflow);
    await runIs(server, run, 'failure');
    const page = await openPage(`${server.url}/runs/${run}/jobs/markup`);
    await page.getByText('<script>document.title=2</script>').first().waitFor();
    await page.getByText('a<U+202E>b').first().waitFor();
    expect(await page.title()).toBe('✗ markup — workflow-graph');
    expect(await page.locator('img[src=x], a[href^="javascript"]').count()).toBe(0);
    await page.goto(`${server.url}/runs/${run}`);
    await page.getByText('<img src=x onerror="document.title=1">').first().waitFor();
  });

  it('shows an outage of the server and catches up after it', async () => {
    const server = await startServerProcess();
    const folder = temporaryFolder();
    const worker = await startWorkerProcess(server);
    const workflow = await server.api().define(smallWorkflow(folder));
    const run = await server.api().run(workflow);
    await worker.event('job-started', 'fetch');
    const page = await openPage(`${server.url}/runs/${run}`);
    await page.getByTestId('run-state').getByText('running').waitFor();
    await server.kill();
    await page
      .getByRole('status')
      .getByText(/Connection lost/)
      .waitFor();
    await server.start();
    letGo(folder);
    // A watch without data is detected by its silence, after 45 s.
    const patience = { timeout: 45_000 + scaled(20_000) };
    await page.getByTestId('run-state').getByText('failed').waitFor(patience);
    await page.getByRole('status').getByText('live').waitFor(patience);
  });

  it('is followed by its tab alone if the shared worker of the tabs cannot be loaded', async () => {
    const server = await startServerProcess();
    const folder = temporaryFolder();
    await startWorkerProcess(server);
    const workflow = await server.api().define(smallWorkflow(folder));
    const run = await server.api().run(workflow);
    const browser = await openBrowser();
    await browser.context.addInitScript(`
      window.SharedWorker = class {
        port = { postMessage() {}, close() {} };
        constructor() { setTimeout(() => this.onerror(new Event('error'))); }
      };`);
    const page = await browser.open(`${server.url}/runs/${run}`);
    await page.getByTestId('run-state').getByText('running').waitFor();
    letGo(folder);
    await page.getByTestId('run-state').getByText('failed').waitFor();
  });
});

it('ten tabs of one browser all load and all get updates', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  await startWorkerProcess(server);
  const workflow = await server.api().define(smallWorkflow(folder));
  const run = await server.api().run(workflow);
  const browser = await openBrowser();
  const tabs = [];
  for (let n = 0; n < 10; n++) tabs.push(await browser.open(`${server.url}/runs/${run}`));
  for (const tab of tabs) await tab.getByTestId('run-state').getByText('running').waitFor();
  letGo(folder);
  for (const tab of tabs) await tab.getByTestId('run-state').getByText('failed').waitFor();
});
