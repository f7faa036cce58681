import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
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
