import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.js';
import type { PeerMessages } from '../../src/engine/peers/peer-messages.js';
import { PollClaimable } from '../../src/engine/peers/poll-claimable.js';
import type { Connection } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { HandMovedEnvironment, settled } from '../support/hand-moved-environment.js';
import { testStorage } from '../support/open-test-store.js';

/** A store whose short reads are answered when the test allows it: each sees what was committed when it was issued. */
class SlowReads {
  readonly store: Store;
  /** How many more reads are answered immediately before one is held. */
  #untilHeld = Number.POSITIVE_INFINITY;
  #held: (() => void)[] = [];

  constructor(store: Store) {
    const read: Connection = {
      dialect: store.read.dialect,
      query: async (sql, parameters) => {
        const rows = await store.read.query(sql, parameters);
        if (/deadline_ms|delayed_until_ms/.test(sql) && this.#untilHeld-- <= 0) {
          await new Promise<void>((resolve) => this.#held.push(resolve));
        }
        return rows;
      },
      execute: (sql, parameters) => store.read.execute(sql, parameters),
    };
    this.store = {
      dialect: store.dialect,
      shared: store.shared,
      read,
      longRead: store.longRead,
      transact: (work) => store.transact(work),
      openReader: () => store.openReader(),
      close: () => store.close(),
    };
  }

  get held(): number {
    return this.#held.length;
  }

  /** Holds the reads after this many. */
  holdAfter(reads: number): void {
    this.#untilHeld = reads;
  }

  release(): void {
    this.#untilHeld = Number.POSITIVE_INFINITY;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

describe('the reaper', () => {
  // The reaper reads twice before it ends overdue leases, and twice after that: a lease may be written during each
  // read.
  it.each(['before', 0, 1, 2, 3, 'after'] as const)(
    'expires a lease on time that was written before a poll, during one of its reads, or after it: %s',
    async (when) => {
      const environment = new HandMovedEnvironment();
      const storage = testStorage('sqlite');
      const store = await storage.open();
      const slow = new SlowReads(store);
      const engine = await createEngine({
        store: slow.store,
        environment,
        log: pino({ level: 'silent' }),
        reapIntervalMs: 600_000,
      });
      const caller = { credential: null };
      const text = Buffer.from('jobs: { early: { run: x }, late: { run: x } }');
      await engine.define({ id: 'wf', source: 'file', text, format: 'yaml', file: 'wf.yml' });
      await engine.startRun({ caller, id: 'wf', inputs: new Map(), requestId: null });
      const claim = (leaseTtlSecs: number) =>
        engine.claimJobs(
          {
            caller,
            workerId: 'w',
            labels: [],
            onlyLabelled: false,
            leaseTtlSecs,
            waitMs: 0,
            requestId: null,
            maxJobs: 1,
          },
          null,
        );
      // The first lease makes the reaper poll when it falls due.
      await claim(10);
      if (when === 'before') await claim(30);
      if (typeof when === 'number') slow.holdAfter(when);
      await environment.advance(10_001);
      if (typeof when === 'number') {
        expect(slow.held).toBeGreaterThan(0);
        await claim(20);
        slow.release();
      }
      await settled();
      if (when === 'after') await claim(20);
      await environment.advance(21_000);
      const statuses = (await engine.workflowStatus('wf')).jobs.map(({ status }) => status);
      expect(statuses).toEqual(['failure', 'failure']);
      await engine.stop();
      await store.close();
      await storage.remove();
    },
  );
});

describe('the poll for claimable jobs of other servers', () => {
  it('leaves no timer behind when it is stopped', async () => {
    const fixture = await new EngineFixture('sqlite').start();
    let looks = 0;
    const repeatWants = () => {
      looks += 1;
    };
    const messages = { repeatWants } as unknown as PeerMessages;
    const poll = new PollClaimable(
      fixture.engine.context,
      messages,
      () => true,
      () => {},
    );
    poll.start();
    poll.lookSoon();
    await fixture.environment.advance(10);
    expect(looks).toBe(1);
    poll.lookSoon();
    await poll.stop();
    poll.lookSoon();
    await fixture.environment.advance(10_000);
    expect(looks).toBe(1);
    await fixture.end();
  });
});
