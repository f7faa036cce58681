import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { environmentOf, openStore } from '../../src/open-store.js';
import { createToken, type NewToken, revokeTokens } from '../../src/tokens.js';
import { ServerHere } from '../support/running-server.js';
import { soon } from '../support/until.js';

/** Browsers that sign in to a whole server. Their requests come from the server's own page unless a test says otherwise. */
let here: ServerHere;
let token: string;

beforeEach(async () => {
  here = await new ServerHere().start();
  token = (await onDatabase((store, environment) => createToken(store, environment, admin))).token;
});

afterEach(() => here.end());

const admin: NewToken = { name: 'laptop', scopes: ['admin'], labels: null, onlyLabelled: false, expiresAtMs: null };

/** The command line's operations on the database of a running server. */
async function onDatabase<T>(
  work: (
    store: Awaited<ReturnType<typeof openStore>>,
    environment: Awaited<ReturnType<typeof environmentOf>>,
  ) => Promise<T>,
): Promise<T> {
  const store = await openStore(loadConfig({}, { dataDir: join(here.folder, 'data') }), {
    as: 'command',
    onFatal: () => {},
    onEvent: () => {},
  });
  try {
    return await work(store, await environmentOf(store));
  } finally {
    await store.close();
  }
}

const ownPage = { 'sec-fetch-site': 'same-origin' };

async function signIn(body: object = { token }): Promise<{ answer: Response; cookie: string }> {
  const headers = { ...ownPage, 'content-type': 'application/json' };
  const answer = await fetch(`${here.url}/session`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { answer, cookie: (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '' };
}

async function session(headers: Record<string, string>): Promise<Record<string, unknown>> {
  return (await (await fetch(`${here.url}/api/session`, { headers })).json()) as Record<string, unknown>;
}

describe('a browser that signs in', () => {
  test('gets a cookie that is hidden from scripts and from other sites', async () => {
    const { answer, cookie } = await signIn();
    expect([answer.status, await answer.json()]).toEqual([200, { lifetime_secs: 43_200 }]);
    expect(cookie).toMatch(/^wg_session=[\w-]{43}$/);
    expect(answer.headers.get('set-cookie')).toBe(`${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200`);
    expect(await session({ cookie, ...ownPage })).toMatchObject({
      tokens_required: true,
      token_name: 'laptop',
      scopes: ['admin'],
      session_expires_at_ms: expect.any(Number),
    });
  });

  test('may stay signed in for 30 days', async () => {
    const { answer } = await signIn({ token, stay_signed_in: true });
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=2592000');
  });

  test('is refused with a wrong token, and with a body without one', async () => {
    expect((await signIn({ token: 'wfg_wrong' })).answer.status).toBe(401);
    expect((await signIn({})).answer.status).toBe(400);
    expect((await signIn({ token: 5 })).answer.status).toBe(400);
    expect((await signIn({ token, stay_signed_in: 'yes' })).answer.status).toBe(400);
  });

  test('must wait after five wrong tokens, whatever it tries then', async () => {
    for (let at = 0; at < 5; at++) expect((await signIn({ token: `wfg_${at}` })).answer.status).toBe(401);
    const { answer } = await signIn();
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('the cookie of a session', () => {
  const status = async (headers: Record<string, string>, method = 'GET', path = '/api/runs') =>
    (await fetch(here.url + path, { method, headers })).status;

  test("is valid only for the server's own pages", async () => {
    const { cookie } = await signIn();
    expect(await status({ cookie, ...ownPage })).toBe(200);
    expect(await status({ cookie, origin: here.url })).toBe(200);
    expect(await status({ cookie })).toBe(401);
    expect(await status({ cookie, 'sec-fetch-site': 'none' })).toBe(401);
    expect(await status({ cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ cookie: `${cookie}x`, ...ownPage })).toBe(401);
    expect(await status({ cookie: `a=b; ${cookie}; c=d`, ...ownPage })).toBe(200);
  });

  test('changes something only by POST', async () => {
    const { cookie } = await signIn();
    await here.define('jobs: { a: { run: x } }', 'wf');
    expect(await status({ cookie, ...ownPage }, 'DELETE', '/api/workflows/wf')).toBe(401);
    expect(await status({ cookie, ...ownPage }, 'POST', '/api/workflows/wf/run')).toBe(202);
  });

  test('is ignored if there is an Authorization header', async () => {
    const { cookie } = await signIn();
    expect(await status({ cookie, ...ownPage, authorization: 'Bearer wfg_wrong' })).toBe(401);
  });

  test('is accepted over Connect', async () => {
    const { cookie } = await signIn();
    const call = (headers: Record<string, string>) =>
      fetch(`${here.url}/workflowgraph.v1.WorkflowService/ListRuns`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      });
    expect((await call({ cookie, ...ownPage })).status).toBe(200);
    expect((await call({ cookie })).status).toBe(401);
  });

  test('ends when the browser signs out', async () => {
    const { cookie } = await signIn();
    const ended = await fetch(`${here.url}/session/end`, { method: 'POST', headers: { cookie, ...ownPage } });
    expect([ended.status, ended.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect(await status({ cookie, ...ownPage })).toBe(401);
  });

  test('ends when its token is revoked', async () => {
    const { cookie } = await signIn();
    await onDatabase((store, environment) => revokeTokens(store, environment, 'laptop'));
    await soon(async () => (await status({ cookie, ...ownPage })) === 401);
    expect(await session({ cookie, ...ownPage })).toMatchObject({
      token_name: null,
      scopes: [],
      tokens_required: true,
    });
  });

  test('survives a restart of the server, which stores only its hash', async () => {
    const { cookie } = await signIn();
    await here.stop();
    await here.start();
    expect(await status({ cookie, ...ownPage })).toBe(200);
    await onDatabase(async (store) => {
      const rows = await store.read.query('select hash from sessions', []);
      expect(JSON.stringify(rows)).not.toContain(cookie.slice('wg_session='.length));
      expect(rows).toHaveLength(1);
    });
  });
});

describe('a request for the session without a cookie', () => {
  test('returns what the token may do, or that a sign-in is required', async () => {
    // The first call with the token makes the server read it.
    const withToken = await session({ authorization: `Bearer ${token}` });
    expect(withToken).toMatchObject({ token_name: 'laptop', scopes: ['admin'], session_expires_at_ms: null });
    expect(await session({})).toMatchObject({ token_name: null, scopes: [], tokens_required: true });
    const wrong = await fetch(`${here.url}/api/session`, { headers: { authorization: 'Bearer wfg_wrong' } });
    expect(wrong.status).toBe(401);
  });
});
