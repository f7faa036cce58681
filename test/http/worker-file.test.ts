import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startServer, tokensOf } from './start-server.js';

/** The line of the script that names the server. */
async function addressIn(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Unlike fetch, this can set the Host header.
  request(`${url}/install.sh`, { headers }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    answer.on('end', () => resolve(text));
  })
    .on('error', reject)
    .end();
  return /^server=(?!\$)(.*)$/m.exec(await promise)?.[1];
}

describe('the worker as one file', () => {
  test('is public, like its checksum and the script, but not readable by pages of other sites', async () => {
    const { url } = await startServer({
      tokens: tokensOf({ some: { tokenId: 't', name: 'some', scopes: new Set(['read']) } as never }),
    });
    for (const path of ['/worker.mjs', '/worker.mjs.sha256', '/install.sh']) {
      expect((await fetch(url + path)).status).toBe(200);
      expect((await fetch(url + path, { headers: { origin: 'https://elsewhere.example' } })).status).toBe(403);
    }
  });

  test('matches its published checksum, and is sent only to a caller without the current copy', async () => {
    const { url } = await startServer();
    const answer = await fetch(`${url}/worker.mjs`);
    const checksum = createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
    expect(await (await fetch(`${url}/worker.mjs.sha256`)).text()).toBe(`${checksum}  worker.mjs\n`);
    for (const path of ['/worker.mjs', '/worker.mjs.sha256']) {
      const etag = (await fetch(url + path)).headers.get('etag') ?? '';
      const again = await fetch(url + path, { headers: { 'if-none-match': etag } });
      expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
      expect((await fetch(url + path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    }
  });
});

describe("the server's address in install.sh", () => {
  test("is that of the request's host, with the base path", async () => {
    const { url, port } = await startServer({ config: { basePath: '/flows/' } });
    expect(await addressIn(url, { host: `localhost:${port}` })).toBe(`'http://localhost:${port}/flows'`);
  });

  test("is taken from a trusted proxy's headers, and from no other caller's", async () => {
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'flows.example.org',
      'x-forwarded-prefix': '/wg',
    };
    const behind = await startServer({ config: { trustProxy: true } });
    expect(await addressIn(behind.url, forwarded)).toBe("'https://flows.example.org/wg'");
    const alone = await startServer();
    expect(await addressIn(alone.url, forwarded)).toBe(`'http://127.0.0.1:${alone.port}'`);
  });

  test.each(["a'; touch /tmp/x; '", 'a$(id)', 'a`id`', 'a b', 'a/b', 'a\\', '[::1]:x'])(
    'is never a host that a shell could take for a command: %j',
    async (host) => {
      const { url } = await startServer({ config: { trustProxy: true }, loopback: false });
      expect(await addressIn(url, { 'x-forwarded-host': host })).toBe("''");
    },
  );
});
