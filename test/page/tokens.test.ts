import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { createToken } from '../support/page/tokens.js';
import { startServerProcess } from '../support/server-process.js';

it('an administrator creates a token, which is shown once, sees what it may do, and revokes it', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const page = await openPage(`${server.url}/sign-in?next=/tokens`);
  await page.getByLabel('Token').fill(admin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const list = page.getByRole('list', { name: 'Tokens' });
  await list.getByText('yours').waitFor();

  await page.getByRole('button', { name: 'New token…' }).click();
  await page.getByLabel('Name').fill('gpu-box');
  await page.getByLabel('read').uncheck();
  await page.getByLabel('worker').check();
  await page.getByLabel('Labels that its workers may have').fill('gpu, linux');
  await page.getByRole('button', { name: 'Create the token' }).click();
  const secret = (await page.getByTestId('secret').textContent()) ?? '';
  expect(secret).toMatch(/^wfg_/);
  // It works immediately, within its scope.
  expect((await server.api(secret).get('/api/session')).body).toMatchObject({
    token_name: 'gpu-box',
    scopes: ['worker'],
  });
  expect((await server.api(secret).get('/api/tokens')).status).toBe(403);
  await page.getByRole('button', { name: 'I have copied it' }).click();

  const row = list.getByRole('listitem').filter({ hasText: 'gpu-box' });
  await row.getByText('only gpu, linux').waitFor();
  await row.getByText(/^used/).waitFor();
  expect(await page.content()).not.toContain(secret);
  const stored = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])';
  expect(await page.evaluate(stored)).not.toContain(secret);

  await row.getByRole('button', { name: 'Revoke gpu-box' }).click();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await row.getByText(/^revoked/).waitFor();
  expect((await server.api(secret).get('/api/session')).status).toBe(401);
  await page.goto(`${server.url}/audit?action=token.revoked`);
  await page.getByText('root').first().waitFor();
});

it('the first token of a server belongs to an administrator, and from then on the page requires a token', async () => {
  const server = await startServerProcess();
  const page = await openPage(`${server.url}/tokens`);
  await page.getByText('There is no token yet').waitFor();
  await page.getByRole('button', { name: 'New token…' }).click();
  expect(await page.getByLabel('admin').isDisabled()).toBe(true);
  await page.getByLabel('Name').fill('root');
  await page.getByRole('button', { name: 'Create the token' }).click();
  const secret = (await page.getByTestId('secret').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByText('Sign in to see this page').waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Token').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('list', { name: 'Tokens' }).getByText('yours').waitFor();
  // A first token that could not create others is refused, by the server too.
  const other = await startServerProcess();
  const refused = await other.api().post('/api/tokens', { name: 'reader', scopes: ['read'] });
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining('scope admin')]);
});

it('a reader sees why the tokens are not accessible, and ends another session of its own token', async () => {
  const server = await startServerProcess();
  await createToken(server, 'root', 'admin');
  const reader = await createToken(server, 'reader', 'read');
  const pages = [];
  for (let n = 0; n < 2; n++) {
    const page = await openPage(`${server.url}/sign-in?next=/settings`);
    await page.getByLabel('Token').fill(reader);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('list', { name: 'Sessions' }).getByText('this browser').waitFor();
    pages.push(page);
  }
  const [first, second] = pages;
  if (first === undefined || second === undefined) throw new Error('two browsers signed in');
  const sessions = second.getByRole('list', { name: 'Sessions' }).getByRole('listitem');
  await sessions.nth(1).waitFor();
  await sessions.filter({ hasNotText: 'this browser' }).getByRole('button', { name: 'End' }).click();
  await sessions.nth(1).waitFor({ state: 'detached' });
  await first.reload();
  await first.getByText('Sign in to see this page').waitFor();
  await second.getByRole('link', { name: 'Tokens' }).click();
  await second.getByText('This page needs the scope admin').waitFor();
  expect(await second.getByRole('button', { name: 'New token…' }).isDisabled()).toBe(true);
});
