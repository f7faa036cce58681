import { Agent, type IncomingMessage, METHODS, request } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RawConnection } from './raw-connection.js';
import { claimBuild, startServer } from './start-server.js';

/** Sends a request byte by byte, and returns the status and body of the response. */
async function send(port: number, head: string) {
  const connection = new RawConnection(port);
  await connection.write(head);
  const answer = await connection.untilClosed();
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  return { status: Number(status), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

const portOf = (url: string) => Number(new URL(url).port);

describe('health checks need no valid host', () => {
  test.each(['/healthz', '/readyz'])('%s', async (path) => {
    const { url } = await startServer({ config: { allowedHosts: ['ci.example.org'] } });
    const port = portOf(url);
    const withoutHost = [`GET ${path} HTTP/1.0\r\n\r\n`, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`];
    const byAddress = `GET ${path} HTTP/1.1\r\nHost: 10.1.2.3:3000\r\nConnection: close\r\n\r\n`;
    for (const head of [...withoutHost, byAddress]) expect((await send(port, head)).status).toBe(200);
    // A request from a page of another site is still refused.
    const foreign = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://x.example\r\nConnection: close\r\n\r\n`;
    expect((await send(port, foreign)).status).toBe(403);
  });

  test('all other paths do', async () => {
    const { url } = await startServer({ config: { allowedHosts: ['ci.example.org'] } });
    const port = portOf(url);
    for (const version of ['1.0', '1.1']) {
      const { status, body } = await send(port, `GET /api/workflows HTTP/${version}\r\nConnection: close\r\n\r\n`);
      expect([status, JSON.parse(body)]).toEqual([
        400,
        { code: 'malformed', message: 'the Host header is missing or not a host' },
      ]);
    }
    const elsewhere = 'GET /api/workflows HTTP/1.1\r\nHost: 10.1.2.3\r\nConnection: close\r\n\r\n';
    expect((await send(port, elsewhere)).status).toBe(403);
  });
});

describe('unsupported requests are refused in the common error format', () => {
  const isTaken = new Set(['GET', 'HEAD']);
  test.each(METHODS.filter((method) => method !== 'CONNECT' && !isTaken.has(method)))(
    '%s on a path that takes GET',
    async (method) => {
      const { url } = await startServer({});
      const head = `${method} /api/workers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      const { status, body } = await send(portOf(url), head);
      expect([status, JSON.parse(body)]).toEqual([
        405,
        { code: 'method_not_allowed', message: `/api/workers takes GET or HEAD, not ${method}` },
      ]);
    },
  );

  const message = 'the header Expect: "nonsense" is not supported; leave it out';

  test('an expectation over HTTP/1.1', async () => {
    const { url } = await startServer({});
    const head = 'GET /api/workers HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\nConnection: close\r\n\r\n';
    const { status, body } = await send(portOf(url), head);
    expect([status, JSON.parse(body)]).toEqual([417, { code: 'expectation_failed', message }]);
  });

  test('an expectation over HTTP/2', async () => {
    const { url } = await startServer({});
    const session = connectHttp2(url);
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: '/api/workers', expect: 'nonsense' });
    const { promise, resolve } = Promise.withResolvers<number>();
    stream.on('response', (headers) => resolve(Number(headers[':status'])));
    const status = await promise;
    const body = Buffer.concat(await stream.toArray()).toString();
    session.close();
    expect([status, JSON.parse(body)]).toEqual([417, { code: 'expectation_failed', message }]);
  });
});

describe('a list that is returned only in part', () => {
  test('names the next page in a header that works behind any prefix', async () => {
    const { url, fixture } = await startServer({});
    for (let i = 0; i < 4; i++) await fixture.run('name: CI\njobs: { build: { run: make } }\n');
    const answer = await fetch(`${url}/api/workflows?status=queued&limit=2&offset=1`);
    expect(answer.headers.get('link')).toBe('<?status=queued&limit=2&offset=3>; rel="next"');
    expect(await answer.json()).toHaveLength(2);
    expect((await fetch(`${url}/api/workflows`)).headers.get('link')).toBeNull();
  });
});

describe('a log stream that is resumed', () => {
  const resume = async (position: string) => {
    const server = await startServer({});
    await server.fixture.complete(await claimBuild(server));
    const path = `${server.url}/api/workflows/ci/jobs/build/logs/stream`;
    return fetch(path, { headers: { 'last-event-id': position } });
  };

  test('at an invalid position is refused before it opens', async () => {
    const answer = await resume('junk');
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { code: 'malformed', message: 'after: "junk" is not a position such as "0.17.stdout"' },
    ]);
  });

  test('at the end of a finished log returns 204, so that an EventSource does not reconnect', async () => {
    const answer = await resume('9.9.stdout');
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });
});

test('a 413 response reaches a caller that is still writing the body, and keeps the connection', async () => {
  const { url } = await startServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const body = Buffer.alloc(2_000_000, 'x');
  for (const [method, path, status] of [
    ['DELETE', '/api/workflows/%00', 413],
    ['POST', '/api/workers/register', 413],
    ['POST', '/api/nothing', 404],
  ] as const) {
    for (let times = 0; times < 20; times++) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': body.length };
        request(`${url}${path}`, { agent, method, headers }, (response) => {
          response.resume().on('end', () => resolve(response));
        })
          .on('error', reject)
          .end(body);
      });
      expect([answer.statusCode, answer.headers.connection ?? 'keep-alive']).toEqual([status, 'keep-alive']);
    }
  }
});
