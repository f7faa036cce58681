import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../../src/engine/engine.js';
import { createToken } from '../../src/tokens.js';
import { Engines } from '../support/postgres/engines.js';

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

it('of two tokens that register the same worker ids at two servers at the same moment, each id goes to one', async () => {
  const servers = [engines.at(0), engines.at(1)];
  const callers: Caller[] = [];
  for (const [at, { store, environment }] of servers.map((server) => server.engine.context).entries()) {
    const wanted = {
      name: `t${at}`,
      scopes: ['worker'],
      labels: null,
      onlyLabelled: false,
      expiresAtMs: null,
    } as const;
    callers.push({ credential: (await createToken(store, environment, wanted)).id });
  }
  for (let round = 0; round < 10; round++) {
    const ids = Array.from({ length: 20 }, (_, at) => `w${round}-${at}`);
    const answers = await Promise.all(
      servers.map(({ engine }, at) =>
        Promise.allSettled(
          // Each in its own order, as workers come.
          (at === 0 ? ids : ids.toReversed()).map(async (workerId) => {
            const caller = callers[at] as Caller;
            await engine.registerWorker({ caller, workerId, labels: [], onlyLabelled: false, slots: 1, version: '' });
            return workerId;
          }),
        ),
      ),
    );
    const registered = answers.flat().flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(registered.toSorted()).toEqual(ids.toSorted());
  }
});
