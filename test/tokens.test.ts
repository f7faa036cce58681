import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from '../src/api/authenticate.js';
import type { Store } from '../src/store/store.js';
import { createToken, revokeTokens, Tokens } from '../src/tokens.js';
import { EngineFixture } from './support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture('sqlite').start();
});

afterEach(() => fixture.end());

/** What a server knows of the tokens, which were read when it started. */
async function server(): Promise<Tokens> {
  const tokens = new Tokens(fixture.store, fixture.environment, fixture.engine.context.log);
  await tokens.load();
  return tokens;
}

function create(name = 'laptop') {
  const token = { name, scopes: ['admin'], labels: null, onlyLabelled: false, expiresAtMs: null } as const;
  return createToken(fixture.store, fixture.environment, token);
}

async function callerWith(tokens: Tokens, authorization: string | null): Promise<string> {
  try {
    return (await authenticate(tokens, { authorization, session: null })).name;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the first token', () => {
  it.each([1_000, 60_000])('is needed by the first call that comes %d ms after the last', async (laterMs) => {
    const tokens = await server();
    expect(await callerWith(tokens, null)).toBe('anyone');
    await fixture.environment.advance(laterMs);
    await create();
    const calls = await Promise.all([1, 2, 3].map(() => callerWith(tokens, null)));
    for (const caller of calls) expect(caller).toContain('a token is needed');
  });

  it('names its holder from the moment it was made, also where no token was needed a moment before', async () => {
    const tokens = await server();
    expect(await callerWith(tokens, null)).toBe('anyone');
    const { token } = await create();
    expect(await callerWith(tokens, `Bearer ${token}`)).toBe('laptop');
    expect(await callerWith(tokens, null)).toContain('a token is needed');
  });

  it('is not there where a caller shows one without need', async () => {
    const tokens = await server();
    expect(await callerWith(tokens, 'Bearer left-over')).toBe('anyone');
    expect(await callerWith(tokens, 'Basic abc')).toBe('anyone');
  });
});

describe('what is known without looking', () => {
  it('is as old as the beginning of the last look, and ends with the time of a token', async () => {
    const tokens = await server();
    const { id } = await create();
    expect([tokens.isStillValid(null), tokens.isStillValid(id)]).toEqual([true, false]);
    await tokens.refresh();
    expect([tokens.isStillValid(null), tokens.isStillValid(id), tokens.isStillValid('other')]).toEqual([
      false,
      true,
      false,
    ]);
    await revokeTokens(fixture.store, fixture.environment, 'laptop');
    expect(tokens.isStillValid(id)).toBe(true);
    await tokens.refresh();
    expect([tokens.isStillValid(null), tokens.isStillValid(id)]).toEqual([false, false]);
  });

  it('does not count as young because the look took long', async () => {
    const { store, environment } = fixture;
    let lookMs = 0;
    let spentMs = 0;
    const slow: Store = {
      ...store,
      read: {
        ...store.read,
        async query(sql, parameters) {
          const rows = await store.read.query(sql, parameters);
          spentMs += lookMs;
          return rows;
        },
      },
    };
    const tokens = new Tokens(
      slow,
      { ...environment, now: () => environment.now() + spentMs },
      fixture.engine.context.log,
    );
    lookMs = 5_000;
    expect(await callerWith(tokens, null)).toBe('anyone');
    await create();
    lookMs = 0;
    expect(await callerWith(tokens, null)).toContain('a token is needed');
  });
});
