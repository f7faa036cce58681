import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startServer } from './start-server.js';

/** A small manual with the layout of scripts/build-manual.js. */
function manualFolder(): URL {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<a href="/manual/cli.html">CLI</a> <p>not /manual/ itself</p>');
  writeFileSync(join(folder, 'assets/app.js'), 'import("/manual/assets/cli.js")');
  writeFileSync(join(folder, 'secret.key'), 'x');
  return pathToFileURL(`${folder}/`);
}

describe('/manual', () => {
  test('is public, under a policy without inline scripts and styles, and cached by browsers', async () => {
    const { url } = await startServer({ manual: manualFolder() });
    const page = await fetch(`${url}/manual`);
    expect([page.url, page.status]).toEqual([`${url}/manual/`, 200]);
    expect(await page.text()).toContain('href="/manual/cli.html"');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self';");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    const script = await fetch(`${url}/manual/assets/app.js`);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('content-encoding')).toBe('gzip');
    const again = await fetch(`${url}/manual/`, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  test('serves only its own files', async () => {
    const { url } = await startServer({ manual: manualFolder() });
    for (const path of ['secret.key', '..%2f..%2fpackage.json', 'nowhere.html']) {
      expect((await fetch(`${url}/manual/${path}`)).status, path).toBe(404);
    }
  });

  test('links its files below the path of the proxy', async () => {
    const { url } = await startServer({ manual: manualFolder(), config: { basePath: '/ci/' } });
    const moved = await fetch(`${url}/manual`, { redirect: 'manual' });
    expect(moved.headers.get('location')).toBe('/ci/manual/');
    const html = await (await fetch(`${url}/manual/`)).text();
    expect(html).toBe('<a href="/ci/manual/cli.html">CLI</a> <p>not /manual/ itself</p>');
    expect(await (await fetch(`${url}/manual/assets/app.js`)).text()).toBe('import("/ci/manual/assets/cli.js")');
  });

  test('explains how to build it if it is not built', async () => {
    const { url } = await startServer({ manual: new URL('nowhere/', manualFolder()) });
    const page = await fetch(`${url}/manual/`);
    expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('npm run build:manual')]);
  });
});
