import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { tabTo } from '../support/page/keys.js';
import { createToken } from '../support/page/tokens.js';
import { brokenWideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** What a person sees after each step of the way from the overview to the failed line. */
async function reasonsAreShown(page: Page): Promise<void> {
  await page.getByText('4,788 of 5,000 jobs done').waitFor();
  const reasons = await page.getByRole('list', { name: 'Why' }).textContent();
  expect(reasons).toContain('exit status 3');
  expect(reasons).toMatch(/212 jobs .*gpu/);
}

async function firstErrorIsShown(page: Page): Promise<void> {
  await page.waitForURL(/\/jobs\/compile/);
  await page.getByRole('region', { name: 'Lines' }).getByText('registry said 403').waitFor();
}

it('a reader finds the first error of a run of 5,000 jobs, and why 212 wait, in three steps, by mouse, keyboard and touch', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const reader = await createToken(server, 'reader', 'read');
  const workers = await createToken(server, 'workers', 'worker');
  const workflow = await server.api(admin).define(brokenWideWorkflow({ jobs: 5_000, waiting: 212 }));
  const worker = await startWorkerProcess(server, { slots: 2, token: workers });
  await server.api(admin).run(workflow);
  await worker.event('job-ended', 'compile');
  const signIn = async (page: Page, submit: () => Promise<void>) => {
    await page.getByLabel('Token').fill(reader);
    await submit();
    await page.getByRole('list', { name: 'Needs you' }).waitFor();
  };

  const byMouse = await openPage(`${server.url}/sign-in`);
  await signIn(byMouse, () => byMouse.getByRole('button', { name: 'Sign in' }).click());
  await byMouse.getByRole('list', { name: 'Needs you' }).getByRole('link', { name: 'release' }).first().click();
  await reasonsAreShown(byMouse);
  await byMouse.getByRole('list', { name: 'Why' }).getByRole('link', { name: 'compile' }).click();
  await firstErrorIsShown(byMouse);

  const byKeyboard = await openPage(`${server.url}/sign-in`);
  await signIn(byKeyboard, () => byKeyboard.keyboard.press('Enter'));
  await tabTo(byKeyboard, 'release');
  await byKeyboard.keyboard.press('Enter');
  await reasonsAreShown(byKeyboard);
  await byKeyboard.keyboard.press('n');
  await firstErrorIsShown(byKeyboard);

  const byTouch = await openPage(`${server.url}/sign-in`, { width: 390 });
  await signIn(byTouch, () => byTouch.getByRole('button', { name: 'Sign in' }).tap());
  await byTouch.getByRole('list', { name: 'Needs you' }).getByRole('link', { name: 'release' }).first().tap();
  await reasonsAreShown(byTouch);
  await byTouch.getByRole('list', { name: 'Why' }).getByRole('link', { name: 'compile' }).tap();
  await firstErrorIsShown(byTouch);
});
