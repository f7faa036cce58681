import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createToken, listTokens } from '../../src/tokens.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { jobLog } from '../support/job-log.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const one = { credential: 'token-1' };
const other = { credential: 'token-2' };
const requestId = 'a request that nobody guesses';

describe('a lease', () => {
  it('cannot take over work of another token', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const { leaseId } = await fixture.claimed({ caller: one });
    const { engine } = fixture;
    for (const caller of [other, { credential: null }]) {
      const calls = [
        engine.heartbeatLease(caller, leaseId),
        engine.pushLogs(caller, leaseId, [jobLog(0)]),
        engine.completeJob(caller, leaseId, new Map()),
        engine.failJob(caller, leaseId, { error: '', retryable: false }),
        engine.releaseJob(caller, leaseId),
      ];
      for (const call of calls) await expect(call).rejects.toMatchObject({ reason: 'unknown_lease' });
    }
    await engine.completeJob(one, leaseId, new Map());
  });
});

describe('a repeated claim', () => {
  it('gets its first response', async () => {
    await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    const first = await fixture.claimed({ caller: one, requestId });
    expect((await fixture.claimed({ caller: one, requestId })).leaseId).toBe(first.leaseId);
  });

  it('is another claim if sent with another token', async () => {
    await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    const first = await fixture.claimed({ caller: one, requestId });
    const second = await fixture.claimed({ caller: other, requestId });
    expect(second.jobKey).not.toBe(first.jobKey);
    expect(second.leaseId).not.toBe(first.leaseId);
  });
});

describe('a log chunk', () => {
  it('of another job or run is refused, and not stored', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    const { leaseId, jobKey } = await fixture.claimed();
    const { engine, caller } = fixture;
    const another = jobKey === 'a' ? 'b' : 'a';
    await expect(engine.pushLogs(caller, leaseId, [jobLog(0, { jobKey: another })])).rejects.toThrow();
    await expect(engine.pushLogs(caller, leaseId, [jobLog(0, { runId: 'another-run' })])).rejects.toThrow();
    expect(await engine.pushLogs(caller, leaseId, [jobLog(0, { jobKey, runId: run })])).toBe(1);
    const { rows } = { rows: await fixture.store.read.query('select data from log_chunks', []) };
    expect(rows).toEqual([{ data: 'line 0\n' }]);
  });

  it('with a lone surrogate or NUL is stored with U+FFFD in its place', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const { leaseId } = await fixture.claimed();
    await fixture.engine.pushLogs(fixture.caller, leaseId, [jobLog(0, { data: 'a\uD800b\0c😀' })]);
    const rows = await fixture.store.read.query('select data from log_chunks', []);
    expect(rows).toEqual([{ data: 'a\uFFFDb\uFFFDc😀' }]);
  });
});

describe('the list of tokens', () => {
  it('has nothing that could be used instead of a token', async () => {
    const wanted = { name: 't', scopes: ['read'], labels: null, onlyLabelled: false, expiresAtMs: null } as const;
    const { token } = await createToken(fixture.store, fixture.environment, wanted);
    const [stored] = await fixture.store.read.query('select hash from tokens', []);
    const listed = JSON.stringify(await listTokens(fixture.store));
    expect(listed).not.toContain(String(stored?.hash));
    expect(listed).not.toContain(token);
    expect(listed).toContain('"name":"t"');
  });
});
