import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/machine.js';
import { openPage } from '../support/page/browser.js';
import { deployFile, letGo, matrixFile, runIs, smallWorkflow, wideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The violations of WCAG 2.2 AA that axe finds. The debugger evaluates it, bypassing the page's policy. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const tags = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  const run = `axe.run({ runOnly: { type: 'tag', values: ${tags} } }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`;
  return page.evaluate(run);
}

const looks = [
  ['light', 1280],
  ['dark', 390],
  ['dark', 1280],
  ['light', 390],
] as const;

describe.each(looks.slice(0, sized({ of: 'looks of every page', full: looks.length, floor: 2 })))(
  'in the %s theme at %i px',
  (theme, width) => {
    it('every page is accessible, fits its width and keeps to its policy', async () => {
      const server = await startServerProcess();
      await startWorkerProcess(server, { id: 'box-1', labels: ['linux'], slots: 4 });
      const folder = temporaryFolder();
      letGo(folder);
      const small = await server.api().define(smallWorkflow(folder));
      const wide = await server.api().define(wideWorkflow(60));
      const deploy = await server.api().define(deployFile);
      const failed = await server.api().run(small);
      await runIs(server, failed, 'failure');
      const stuck = await server.api().run(wide);
      const matrix = await server.api().run(await server.api().define(matrixFile(folder)));
      await runIs(server, matrix, 'failure');
      const pages: readonly [path: string, shows: string | RegExp][] = [
        ['/', 'Needs you'],
        ['/runs', /registry said 403|exit status 3/],
        ['/runs?state=cancelled', 'No run matches'],
        [`/runs/${failed}`, '4 of 4 jobs done'],
        [`/runs/${failed}?view=graph`, 'after'],
        [`/runs/${failed}?view=timeline`, 'The longest chain'],
        [`/runs/${stuck}`, 'need gpu'],
        [`/runs/${stuck}?view=why`, 'need gpu'],
        [`/runs/${stuck}?view=graph`, 'test-*'],
        [`/runs/${matrix}?open=test`, 'test (mac, 3)'],
        [`/runs/${matrix}?view=graph`, 'test'],
        [`/runs/${matrix}/jobs/test`, 'test (mac, 3)'],
        ['/queue', 'No live worker has the label'],
        ['/workers/box-1', 'It runs nothing'],
        [`/runs/${failed}/jobs/break`, 'registry said 403'],
        [`/runs/${failed}/jobs/build`, 'line 5'],
        ['/runs/01900000-0000-7000-8000-000000000000', 'Not found'],
        ['/workflows', 'created by API'],
        ['/workflows/new', 'No problems'],
        [`/workflows/${small}/edit`, 'sent to the API'],
        [`/workflows/${small}?tab=definition`, 'sent to the API'],
        [`/workflows/${small}`, 'Filter its runs'],
        [`/workflows/${small}?tab=jobs`, 'fetch'],
        [`/workflows/${small}?tab=trend`, 'Unreliable jobs of 1 run'],
        [`/workflows/${deploy}/run`, 'Where to deploy'],
        [`/workflows/${wide}/run`, 'No live worker has gpu'],
        ['/workers', 'linux'],
        ['/settings', 'Theme'],
        ['/tokens', 'There is no token yet'],
        ['/audit', 'no token'],
        [`/compare?a=${failed}&b=${stuck}`, 'not there'],
        ['/sign-in', 'No sign-in is needed'],
      ];
      const page = await openPage(`${server.url}/`, { theme, width });
      for (const [path, shows] of pages) {
        await page.goto(`${server.url}${path}`);
        const log = /\/jobs\/b/.test(path) ? page.getByRole('region', { name: 'Lines' }) : page.getByRole('main');
        await log.getByText(shows).first().waitFor();
        expect([path, await violations(page)]).toEqual([path, []]);
        expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth <= 0')]).toEqual([
          path,
          true,
        ]);
      }
    });
  },
);

it('a server without any history shows what to do', async () => {
  const server = await startServerProcess();
  const page = await openPage(`${server.url}/`);
  await page.getByText('Nothing has run yet').waitFor();
  await page.getByText('No worker is connected').waitFor();
  await page.getByText(`SERVER_URL=${server.url} node worker.mjs`).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.getByText('There is no workflow yet').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('go to the workers').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await page.getByText('No worker has connected').waitFor();
  expect(await page.locator('pre').textContent()).toContain(`curl -fsSLO ${server.url}/worker.mjs`);
});

it('the list of runs adds new runs, and holds them back while the pointer is over a row', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(wideWorkflow(4));
  await server.api().run(workflow);
  const page = await openPage(`${server.url}/runs`);
  const rows = page.getByRole('list', { name: 'Runs, newest first' }).getByRole('listitem');
  await rows.first().waitFor();
  await server.api().run(workflow);
  await rows.nth(1).waitFor();
  await rows.first().hover();
  await server.api().run(workflow);
  await page.getByRole('button', { name: 'Show 1 new run' }).waitFor();
  expect(await rows.count()).toBe(2);
  await page.getByRole('button', { name: 'Show 1 new run' }).click();
  await rows.nth(2).waitFor();
});
