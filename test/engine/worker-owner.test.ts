import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../src/engine/engine.js';
import { createToken, revokeTokens } from '../../src/tokens.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';
import { shuffledStore } from '../support/shuffled-store.js';

let fixture: EngineFixture;
let prod: Caller;
let dev: Caller;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  prod = await token('prod');
  dev = await token('dev');
});

afterEach(() => fixture.end());

async function token(
  name: string,
  expiresAtMs: number | null = null,
  labels: readonly string[] | null = null,
): Promise<Caller> {
  const wanted = { name, scopes: ['worker'], labels, onlyLabelled: false, expiresAtMs } as const;
  return { credential: (await createToken(fixture.store, fixture.environment, wanted)).id };
}

const register = (caller: Caller, labels: string[] = [], workerId = 'prod-1') =>
  fixture.engine.registerWorker({ caller, workerId, labels, onlyLabelled: false, slots: 1, version: '' });

const shown = async () =>
  (await fixture.engine.listWorkers({ limit: 10, offset: 0 })).map(({ workerId, labels, lastHeartbeatMs }) => ({
    workerId,
    labels,
    lastHeartbeatMs,
  }));

const refused = { code: 'forbidden', message: expect.stringContaining('belongs to the token "prod"') };

it('another token can neither register, claim, open a session nor send heartbeats as a worker', async () => {
  await register(prod, ['production']);
  const before = await shown();
  await fixture.run('jobs: { a: { run: x } }');
  await fixture.environment.advance(10_000);
  await expect(register(dev)).rejects.toMatchObject(refused);
  await expect(fixture.claim({ caller: dev, workerId: 'prod-1' })).rejects.toMatchObject(refused);
  await expect(fixture.engine.heartbeatWorker('prod-1', dev)).rejects.toMatchObject(refused);
  const errors: unknown[] = [];
  const session = fixture.engine.openSession(
    { caller: dev, workerId: 'prod-1', labels: [], onlyLabelled: false, leaseTtlSecs: 30, slots: 1, version: '' },
    {
      hasRoom: () => true,
      jobs: () => errors.push('pushed'),
      leaseEvent() {},
      drain() {},
      failed: (error) => errors.push(error),
    },
  );
  session.addCredits(1);
  await settled();
  session.close();
  expect(errors[0]).toMatchObject(refused);
  expect(errors).not.toContain('pushed');
  expect(await shown()).toEqual(before);
  expect(await fixture.claim({ caller: prod, workerId: 'prod-1', labels: ['production'] })).not.toBeNull();
});

it('a token that is limited to some labels takes over no id either, and keeps its own', async () => {
  const limited = await token('limited', null, ['gpu']);
  await register(prod, ['gpu']);
  await expect(register(limited, ['gpu'])).rejects.toMatchObject(refused);
  await register(limited, ['gpu'], 'limited-1');
  await expect(register(prod, ['gpu'], 'limited-1')).rejects.toMatchObject({ code: 'forbidden' });
});

it('a claim right after one of the owner is refused too', async () => {
  await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
  await fixture.claimed({ caller: prod, workerId: 'prod-1' });
  await expect(fixture.claim({ caller: dev, workerId: 'prod-1' })).rejects.toMatchObject(refused);
  expect(await fixture.claim({ caller: dev, workerId: 'dev-1' })).not.toBeNull();
});

it('the id passes to a token of the same name, and from one that was revoked or has expired', async () => {
  await register(prod);
  await register(await token('prod'));
  await expect(register(dev)).rejects.toMatchObject(refused);
  await revokeTokens(fixture.store, fixture.environment, 'prod');
  await register(dev, ['dev']);
  expect(await shown()).toMatchObject([{ workerId: 'prod-1', labels: ['dev'] }]);
  const guest = await token('guest', fixture.environment.now() + 1_000);
  await register(guest, [], 'g');
  await expect(register(dev, [], 'g')).rejects.toMatchObject({ code: 'forbidden' });
  await fixture.environment.advance(1_001);
  await register(dev, [], 'g');
});

it('an admin may use any id, and its owner keeps it', async () => {
  await register(prod);
  await register({ credential: dev.credential, isAdmin: true }, ['by-admin']);
  expect(await shown()).toMatchObject([{ labels: ['by-admin'] }]);
  await register(prod);
  await expect(register(dev)).rejects.toMatchObject(refused);
});

it('an id that was used without a token belongs to the first token that uses it', async () => {
  await register({ credential: null });
  await register(prod);
  await expect(register(dev)).rejects.toMatchObject(refused);
});

/** The names of the tokens whose claims under the id of one worker, sent at once, were accepted. */
async function claimAtOnce(workerId: string, callers: ReadonlyMap<string, Caller>): Promise<string[]> {
  const names = [...callers.keys()];
  const answers = await Promise.allSettled(
    names.map((name) => fixture.claim({ caller: callers.get(name) as Caller, workerId })),
  );
  for (const answer of answers) {
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'forbidden' });
  }
  return names.filter((_, at) => answers[at]?.status === 'fulfilled');
}

it('of two tokens that claim under an id that nobody has used, at once, the first gets it', async () => {
  await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
  const both = new Map([
    ['prod', prod],
    ['dev', dev],
  ]);
  expect(await claimAtOnce('new', both)).toEqual(['prod']);
  await fixture.environment.advance(10_000);
  expect(await claimAtOnce('new', both)).toEqual(['prod']);
});

it('of two tokens that claim under the id of one that has expired, at once, the first gets it', async () => {
  await register(await token('guest', fixture.environment.now() + 1_000), [], 'g');
  await fixture.environment.advance(10_000);
  const both = new Map([
    ['dev', dev],
    ['prod', prod],
  ]);
  expect(await claimAtOnce('g', both)).toEqual(['dev']);
  await fixture.environment.advance(10_000);
  expect(await claimAtOnce('g', both)).toEqual(['dev']);
});

it('two tokens of one name may claim under one id at once', async () => {
  const both = new Map([
    ['old', prod],
    ['new', await token('prod')],
    ['dev', dev],
  ]);
  expect(await claimAtOnce('new', both)).toEqual(['old', 'new']);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('in order %i of the answers, one of two tokens gets an id', async (seed) => {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  await fixture.end();
  fixture = await new EngineFixture(undefined, { around: (store) => shuffledStore(store, random) }).start();
  const both = new Map([
    ['prod', await token('prod')],
    ['dev', await token('dev')],
  ]);
  for (let round = 0; round < 3; round++) expect(await claimAtOnce(`new-${round}`, both)).toHaveLength(1);
});
