import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { tabTo } from '../support/page/keys.js';
import { createToken } from '../support/page/tokens.js';
import { mendableWorkflow, runIs } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

it('the keyboard alone leads from the sign-in to the failed line, and to a re-run', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const person = await createToken(server, 'person', 'read', 'submit');
  const workers = await createToken(server, 'workers', 'worker');
  await startWorkerProcess(server, { slots: 2, token: workers });
  const folder = temporaryFolder();
  const workflow = await server.api(admin).define(mendableWorkflow(folder));
  const run = await server.api(admin).run(workflow);
  await runIs(server, run, 'failure', admin);

  const page = await openPage(`${server.url}/`);
  await page.getByText('Sign in to see this page').waitFor();
  await tabTo(page, 'Sign in');
  await page.keyboard.press('Enter');
  await page.getByLabel('Token').waitFor();
  await tabTo(page, 'token');
  await page.keyboard.type(person);
  await page.keyboard.press('Enter');
  await page.getByRole('list', { name: 'Needs you' }).waitFor();
  await tabTo(page, 'mendable');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/runs/${run}`);
  await page.getByTestId('run-state').getByText('failed').waitFor();
  await page.keyboard.press('n');
  await page.waitForURL(`${server.url}/runs/${run}/jobs/test`);
  await page.getByRole('region', { name: 'Lines' }).getByText('connection refused').waitFor();

  writeFileSync(join(folder, 'mended'), '');
  await page.keyboard.press('r');
  await page.getByRole('dialog').getByText('2 run again').waitFor();
  await tabTo(page, 'Run 2 jobs again');
  await page.keyboard.press('Enter');
  await runIs(server, run, 'success', admin);
  await page.getByText('succeeded', { exact: false }).first().waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
});
