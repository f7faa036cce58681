import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../src/engine/engine.js';
import { createToken } from '../../src/tokens.js';
import { Engines } from '../support/postgres/engines.js';

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

const register = (at: number, caller: Caller, workerId: string): Promise<unknown> =>
  engines.at(at).engine.registerWorker({ caller, workerId, labels: [], onlyLabelled: false, slots: 1, version: '' });

const claim = (at: number, caller: Caller, workerId: string): Promise<unknown> => {
  const waitless = { leaseTtlSecs: null, waitMs: 0, requestId: null, maxJobs: 1 };
  return engines.at(at).engine.claimJobs({ caller, workerId, labels: [], onlyLabelled: false, ...waitless }, null);
};

it('of two tokens that register the same worker ids at two servers at the same moment, each id goes to one', async () => {
  await expectOneOwner(register);
});

it('of two tokens whose first claims under the same worker ids come to two servers at once, each id goes to one', async () => {
  await expectOneOwner(claim);
});

it('of a token that registers worker ids and one whose first claims under them come to another server, each id goes to one', async () => {
  await expectOneOwner((at, caller, workerId) => (at === 0 ? register : claim)(at, caller, workerId));
});

/** Lets two tokens use the same ids, each at its own server and in its own order, as workers come. */
async function expectOneOwner(use: (at: number, caller: Caller, workerId: string) => Promise<unknown>): Promise<void> {
  const callers = await twoTokens();
  for (let round = 0; round < 10; round++) {
    const ids = Array.from({ length: 20 }, (_, at) => `w${round}-${at}`);
    const answers = await Promise.all(
      callers.map((caller, at) =>
        Promise.allSettled(
          (at === 0 ? ids : ids.toReversed()).map(async (workerId) => {
            await use(at, caller, workerId);
            return workerId;
          }),
        ),
      ),
    );
    const owned = answers.flat().flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(owned.toSorted()).toEqual(ids.toSorted());
  }
}

async function twoTokens(): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (const at of [0, 1]) {
    const { store, environment } = engines.at(at).engine.context;
    const wanted = {
      name: `t${at}`,
      scopes: ['worker'],
      labels: null,
      onlyLabelled: false,
      expiresAtMs: null,
    } as const;
    callers.push({ credential: (await createToken(store, environment, wanted)).id });
  }
  return callers;
}
