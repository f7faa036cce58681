import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { createToken, revokeToken } from '../support/page/tokens.js';
import { wideWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';

it('accepts a token once, shows what it may do, and hides it from every script', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const reader = await createToken(server, 'reader', 'read');
  const workflow = await server.api(admin).define(wideWorkflow(4));
  const run = await server.api(admin).run(workflow);
  const page = await openPage(`${server.url}/runs/${run}`);
  await page.getByText('Sign in to see this page').waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();

  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('token').waitFor();
  await page.getByLabel('Token').fill(reader);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/runs/${run}`);

  const cancel = page.getByRole('button', { name: 'Cancel run…' });
  await cancel.waitFor();
  expect(await cancel.isDisabled()).toBe(true);
  expect(await cancel.getAttribute('title')).toContain('submit');
  const reach = 'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href])';
  expect(await page.evaluate(reach)).not.toContain(reader);
  expect(await page.evaluate('document.cookie')).toBe('');

  await page.goto(`${server.url}/settings`);
  await page.getByText('reader', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/sign-in/);
  await page.goto(`${server.url}/runs`);
  await page.getByText('Sign in to see this page').waitFor();
});

it('revoking a token ends the page that it signed in, and a new one reopens it at the same place', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const reader = await createToken(server, 'reader', 'read');
  const workflow = await server.api(admin).define(wideWorkflow(4));
  const run = await server.api(admin).run(workflow);
  const page = await openPage(`${server.url}/sign-in?next=/runs/${run}`);
  await page.getByLabel('Token').fill(reader);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByTestId('run-state').getByText('queued').waitFor();
  await revokeToken(server, 'reader');
  await page.getByText('Sign in to see this page').waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Token').fill(admin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/runs/${run}`);
  // The stream is open again.
  await page.getByTestId('run-state').getByText('queued').waitFor();
  await server.api(admin).post(`/api/workflows/${run}/cancel`);
  await page.getByTestId('run-state').getByText('cancelled').waitFor();
});
