import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { createToken } from '../support/page/tokens.js';
import { letGo, smallWorkflow } from '../support/page/workflows.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

const prefix = '/a/b';

/** A reverse proxy that serves a server below a path, and nothing else; returns its address. */
async function proxyBelowPath(server: string): Promise<string> {
  const proxy = createServer((request, response) => {
    const path = request.url ?? '';
    if (!path.startsWith(`${prefix}/`)) {
      response.writeHead(404).end('not below the path');
      return;
    }
    const onward = httpRequest(server + path.slice(prefix.length), {
      method: request.method,
      headers: { ...request.headers, 'x-forwarded-prefix': prefix },
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

it('everything works below a path of a reverse proxy: sign-in, pages, streams, logs and links', async () => {
  const server = await startServerProcess({ env: { TRUST_PROXY: 'true' } });
  const admin = await createToken(server, 'root', 'admin');
  await startWorkerProcess(server, { labels: ['linux'], token: admin });
  const folder = temporaryFolder();
  const workflow = await server.api(admin).define(smallWorkflow(folder));
  const base = `${await proxyBelowPath(server.url)}${prefix}`;
  const page = await openPage(`${base}/workflows`);
  const outside: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) outside.push(request.url());
  });
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Token').fill(admin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/workflows`);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ path: `${prefix}/`, httpOnly: true, sameSite: 'Strict' });

  await page.getByRole('link', { name: 'small' }).click();
  await page.getByRole('link', { name: 'Run…' }).click();
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.waitForURL(new RegExp(`${base}/runs/[0-9a-f-]{36}$`));
  await page.getByTestId('run-state').getByText('running').waitFor();
  letGo(folder);
  await page.getByTestId('run-state').getByText('failed').waitFor();
  await page.getByRole('list', { name: 'Why' }).getByRole('link', { name: 'break' }).click();
  await page.getByRole('region', { name: 'Lines' }).getByText('registry said 403').waitFor();
  await page.reload();
  await page.getByRole('region', { name: 'Lines' }).getByText('registry said 403').waitFor();
  for (const [place, shows] of [
    ['Overview', 'Needs you'],
    ['Runs', 'exit status 3'],
    ['Queue', 'No job waits'],
    ['Workers', 'linux'],
  ] as const) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }).click();
    await page.getByRole('main').getByText(shows).first().waitFor();
  }
  expect(outside).toEqual([]);
  expect(workflow).not.toBe('');
});
