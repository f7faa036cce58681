import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pageAddresses } from '../../src/http/web-page.js';
import { type RunningServer, type StartOptions, startServer } from './start-server.js';

const script = 'console.log("a script that is long enough to be worth compressing, or so one hopes");\n';

/** A page as the build writes it. */
function builtPage(): URL {
  const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><base href="/"><script src="./assets/main-1a.js"></script>',
  );
  writeFileSync(join(folder, 'assets/main-1a.js'), script);
  writeFileSync(join(folder, 'assets/main-1a.js.br'), brotliCompressSync(script));
  writeFileSync(join(folder, 'theme.js'), 'document;');
  return pathToFileURL(`${folder}/`);
}

function start(config: StartOptions['config'] = {}): Promise<RunningServer> {
  return startServer({ page: builtPage(), config });
}

/** Unlike fetch, it does not decompress. */
async function rawGet(url: string, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<{ headers: Record<string, unknown>; body: Buffer }>();
  httpRequest(url, { headers }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('the page', () => {
  test('is served at the addresses that it has a route for', () => {
    const router = readFileSync(join(import.meta.dirname, '../../web/src/routes/router.tsx'), 'utf8');
    const routes = [...router.matchAll(/path: '([^']+)'/g)].map(([, path]) => path?.replaceAll('$', ':'));
    expect(routes.sort()).toEqual([...pageAddresses].sort());
  });

  test('is served at each of its addresses, and at no other', async () => {
    const { url } = await start();
    for (const address of pageAddresses) {
      const answer = await fetch(url + address.replaceAll(/:\w+/g, 'a-1'));
      expect([address, answer.status, answer.headers.get('content-type')]).toEqual([
        address,
        200,
        'text/html; charset=utf-8',
      ]);
    }
    for (const wrong of ['/api/rums', '/api/workflows/x/y', '/run', '/runs/a/jobs', '/index.html', '/assets/none.js']) {
      const answer = await fetch(url + wrong);
      expect([wrong, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        wrong,
        404,
        'not_found',
      ]);
    }
  });

  test('has a policy without inline scripts, and cannot be framed', async () => {
    const { url } = await start();
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
        "worker-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types wg-worker",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('permissions-policy')).toContain('camera=()');
  });

  test('may be framed by the origins that FRAME_ANCESTORS names', async () => {
    const { url } = await start({ frameAncestors: ['https://wiki.example.com'] });
    const policy = (await fetch(url)).headers.get('content-security-policy');
    expect(policy).toContain('; frame-ancestors https://wiki.example.com;');
  });

  test('uses its base path: the setting, or the prefix of a trusted proxy', async () => {
    const baseOf = async (url: string, prefix?: string) => {
      const headers = prefix === undefined ? {} : { 'x-forwarded-prefix': prefix };
      return /<base href="([^"]*)">/.exec(await (await fetch(`${url}/runs`, { headers })).text())?.[1];
    };
    const plain = await start({ basePath: '/a/b/' });
    expect([await baseOf(plain.url), await baseOf(plain.url, '/c')]).toEqual(['/a/b/', '/a/b/']);
    const proxied = await start({ trustProxy: true });
    expect([await baseOf(proxied.url), await baseOf(proxied.url, '/c')]).toEqual(['/', '/c/']);
    for (const hostile of ['//evil.example', '/"><script>', 'c', '/a b', '/a?b', '/..//x']) {
      expect([hostile, await baseOf(proxied.url, hostile)]).toEqual([hostile, '/']);
    }
  });

  test('is downloaded again only after a change', async () => {
    const { url } = await start();
    for (const path of ['/', '/theme.js']) {
      const first = await fetch(url + path);
      const etag = first.headers.get('etag') ?? '';
      expect([first.headers.get('cache-control'), etag]).toEqual(['no-cache', expect.stringMatching(/^"[\w-]+"$/)]);
      const again = await fetch(url + path, { headers: { 'if-none-match': etag } });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect((await fetch(url + path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    }
  });

  test('has files that are cached forever, compressed as the browser accepts them', async () => {
    const { url } = await start();
    const asset = `${url}/assets/main-1a.js`;
    const brotli = await rawGet(asset, { 'accept-encoding': 'gzip, br' });
    expect(brotli.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    for (const accepted of ['gzip', 'br;q=0', '']) {
      const plain = await rawGet(asset, { 'accept-encoding': accepted });
      expect([accepted, plain.headers['content-encoding'], plain.body.toString()]).toEqual([
        accepted,
        undefined,
        script,
      ]);
    }
  });

  test('that is not built is replaced by the description of the API', async () => {
    const { url } = await startServer({ page: new URL('file:///nowhere/') });
    const answer = await fetch(url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'docs']);
    expect((await fetch(`${url}/runs`)).status).toBe(404);
  });
});
