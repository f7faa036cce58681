import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClientPackages } from '../../src/http/client-packages.js';
import { startServer, tokensOf } from './start-server.js';

const root = join(import.meta.dirname, '../..');
const packages: ClientPackages = JSON.parse(readFileSync(join(root, 'dist/clients/clients.json'), 'utf8'));
const files = Object.values(packages).map(({ file }) => file);
const goAt = `/go/${packages.go.package}/@v`;
const paths = [
  '/clients/',
  '/clients/SHA256SUMS',
  ...files.map((file) => `/clients/${file}`),
  `${goAt}/list`,
  `${goAt}/v${packages.go.version}.info`,
  `${goAt}/v${packages.go.version}.mod`,
  `${goAt}/v${packages.go.version}.zip`,
  '/cargo/config.json',
  `/cargo/wo/rk/${packages.rust.package}`,
];

test('client libraries are public, but not readable by pages of other sites', async () => {
  const { url } = await startServer({
    tokens: tokensOf({ some: { tokenId: 't', name: 'some', scopes: new Set(['read']) } as never }),
  });
  for (const path of paths) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    const foreign = await fetch(url + path, { headers: { origin: 'https://elsewhere.example' } });
    expect([path, foreign.status]).toEqual([path, 403]);
  }
});

test('each archive has the listed checksum', async () => {
  const { url } = await startServer();
  const sums = await (await fetch(`${url}/clients/SHA256SUMS`)).text();
  for (const file of files) {
    const content = Buffer.from(await (await fetch(`${url}/clients/${file}`)).arrayBuffer());
    expect(sums).toContain(`${createHash('sha256').update(content).digest('hex')}  ${file}\n`);
  }
});

test('an unknown package is 404, so that package managers try the next registry', async () => {
  const { url } = await startServer();
  for (const path of ['/go/golang.org/x/sys/@v/list', '/cargo/to/ki/tokio', '/clients/other.tgz']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
});

test('the commands have the address by which the caller reaches the server, and docs/clients.md prints the same', async () => {
  const { url } = await startServer({ config: { basePath: '/flows/' } });
  const page = await (await fetch(`${url}/clients/`)).text();
  const commands = [...page.matchAll(/<pre>([^<]*)<\/pre>/g)].map(([, text = '']) => text);
  expect(commands.length).toBe(5);
  const documented = readFileSync(join(root, 'docs/clients.md'), 'utf8');
  for (const command of commands) {
    expect(command).toContain(`${url}/flows/`.replace(/\/$/, ''));
    expect(documented).toContain(command.replaceAll(`${url}/flows`, 'http://localhost:3000'));
  }
  const config = await (await fetch(`${url}/cargo/config.json`)).json();
  expect(config).toEqual({ dl: `${url}/flows/clients/{crate}-{version}.crate` });
});

test('an invalid host appears in no command', async () => {
  const { url } = await startServer({ config: { trustProxy: true }, loopback: false });
  const headers = { 'x-forwarded-host': '<script>alert(1)</script>' };
  const page = await (await fetch(`${url}/clients/`, { headers })).text();
  expect(page).not.toContain('script>');
  expect(page).toContain('npm install http://SERVER/clients/');
});
