import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { createToken } from '../support/page/tokens.js';
import { startServerProcess } from '../support/server-process.js';

it('a worker is drained and undrained on its page, and the list says since when and why', async () => {
  const server = await startServerProcess();
  await server.api().post('/api/workers/register', { worker_id: 'build-3', labels: ['gpu'] });
  const page = await openPage(`${server.url}/workers/build-3`);
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByLabel('Reason').fill('new disk');
  await page.getByLabel('It exits when it runs no job').check();
  await page.getByRole('button', { name: 'Drain the worker' }).click();
  await page.getByText(/draining since .*: new disk \(it exits when it runs no job\)/).waitFor();
  const { body } = await server.api().get('/api/workers/build-3');
  expect(body).toMatchObject({ worker: { drain: { reason: 'new disk', stop: true } } });
  await page.goto(`${server.url}/workers`);
  await page.getByText(/draining since .*: new disk/).waitFor();
  await page.goto(`${server.url}/workers/build-3`);
  await page.getByRole('button', { name: 'Undo drain' }).click();
  await page.getByRole('button', { name: 'Drain…' }).waitFor();
  expect(await page.getByText('draining since').count()).toBe(0);
});

it('a token without admin rights sees the drain button, which is disabled and says what is missing', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'root', 'admin');
  const person = await createToken(server, 'person', 'read', 'submit');
  await server.api(admin).post('/api/workers/register', { worker_id: 'build-3', labels: ['gpu'] });
  const page = await openPage(`${server.url}/sign-in?next=/workers/build-3`);
  await page.getByLabel('Token').fill(person);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const drain = page.getByRole('button', { name: 'Drain…' });
  await drain.waitFor();
  expect(await drain.isDisabled()).toBe(true);
  expect(await drain.getAttribute('title')).toContain('admin');
});
