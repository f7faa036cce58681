import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runNumbers, runNumbersInState, runNumbersOfWorkflow } from '../../../src/store/statements/list-runs.js';
import {
  insertLogChunks,
  logPage,
  logPageBefore,
  logSizes,
  stdoutPage,
  storedLogChunks,
} from '../../../src/store/statements/logs.js';
import { allTokens, insertToken, revokeToken } from '../../../src/store/statements/tokens.js';
import { listWorkflows } from '../../../src/store/statements/views.js';
import { listWorkers, noteWorkers, registerWorkers, touchWorkers } from '../../../src/store/statements/workers.js';
import {
  allLabelSets,
  currentVersion,
  deleteVersionUnlessWhole,
  ensureLabelSets,
  ensureWorkflow,
  fileWorkflows,
  insertVersion,
  labelSetsByLabels,
  lockVersionBeingMade,
  setWorkflowRemoved,
  unfinishedVersions,
  versionJobs,
} from '../../../src/store/statements/workflows.js';
import type { Store } from '../../../src/store/store.js';
import type { LogChunkTable } from '../../../src/store/tables/attempts.js';
import { contractStores, defineVersion, makeRun, type OpenedStore } from '../../support/contract-stores.js';

describe.each(contractStores)('$name keeps', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.end());

  it('label sets, each once, under its own number', async () => {
    const ensure = (...labels: string[]) =>
      store.transact((connection) =>
        ensureLabelSets.run(connection, { rows: labels.map((text) => ({ labels: text })) }),
      );
    await ensure('["a"]', '["b"]');
    await ensure('["b"]', '["c"]');
    const all = await allLabelSets.run(store.read, { afterId: 0 });
    expect(all.map(({ labels }) => labels).sort()).toEqual(['["a"]', '["b"]', '["c"]']);
    const [first] = all;
    expect((await allLabelSets.run(store.read, { afterId: first?.id ?? 0 })).length).toBe(2);
    const some = await labelSetsByLabels.run(store.read, { rows: [{ labels: '["c"]' }, { labels: '["x"]' }] });
    expect(some.map(({ labels }) => labels)).toEqual(['["c"]']);
  });

  it('versions of a workflow, numbered from 1, one of them current', async () => {
    expect(await currentVersion.run(store.read, { id: 'w' })).toEqual([]);
    const one = await defineVersion(store, 'w', [{ key: 'a' }]);
    const two = await defineVersion(store, 'w', [{ key: 'a' }, { key: 'b', needs: [0] }]);
    expect(two.workflow).toBe(one.workflow);
    expect(await currentVersion.run(store.read, { id: 'w' })).toMatchObject([
      { version: two.version, number: 2, job_count: 2, removed_at_ms: null, source: 'file' },
    ]);
    const jobs = await versionJobs.run(store.read, {
      rows: [
        { version: two.version, ord: 1 },
        { version: one.version, ord: 0 },
        { version: one.version, ord: 9 },
      ],
    });
    expect([...jobs].sort((a, b) => a.version - b.version)).toEqual([
      { version: one.version, ord: 0, key: 'a', needs: 0, conditional: 0, spec: '{"key":"a"}' },
      { version: two.version, ord: 1, key: 'b', needs: 1, conditional: 0, spec: '{"key":"b"}' },
    ]);
  });

  it('unfinished versions separately, until they are complete or deleted', async () => {
    const [workflow] = await store.transact((connection) =>
      ensureWorkflow.run(connection, { id: 'w', source: 'api', nowMs: 1 }),
    );
    expect(workflow).toMatchObject({ source: 'api', current_version: null });
    const fields = {
      hash: 'h',
      name: 'n',
      trigger: '',
      jobCount: 0,
      survivorCount: 0,
      conditionalRoots: 0,
      rootLabelSets: '[]',
      startSpec: null,
    };
    const [made] = await store.transact((connection) =>
      insertVersion.run(connection, { workflow: workflow?.no ?? 0, nowMs: 5, ...fields }),
    );
    const no = made?.no ?? 0;
    expect(await unfinishedVersions.run(store.read, {})).toEqual([{ no, created_at_ms: 5 }]);
    expect(await store.transact((connection) => lockVersionBeingMade.run(connection, { no }))).toEqual([{ no }]);
    const whole = await defineVersion(store, 'w', [{ key: 'a' }]);
    const drop = (version: number) =>
      store.transact((connection) => deleteVersionUnlessWhole.run(connection, { no: version }));
    expect(await drop(whole.version)).toEqual([]);
    expect(await drop(no)).toEqual([{ no }]);
    expect(await store.transact((connection) => lockVersionBeingMade.run(connection, { no }))).toEqual([]);
  });

  it('workflows in the byte order of their ids, by page and by state of a job', async () => {
    for (const id of ['b', 'B', 'a', 'é', 'a-b', 'a_b', '10', '9']) await defineVersion(store, id, [{ key: 'x' }]);
    const list = async (more: Partial<{ limit: number; offset: number; states: string[]; unrun: number }> = {}) => {
      const { limit = 100, offset = 0, states = [], unrun = 0 } = more;
      const anyState = states.length === 0 && unrun === 0 ? 1 : 0;
      return (await listWorkflows.run(store.longRead, { limit, offset, anyState, states, unrun })).map(({ id }) => id);
    };
    expect(await list()).toEqual(['10', '9', 'B', 'a', 'a-b', 'a_b', 'b', 'é']);
    expect(await list({ limit: 2, offset: 3 })).toEqual(['a', 'a-b']);
    await store.transact((connection) => setWorkflowRemoved.run(connection, { id: 'a', atMs: 5 }));
    expect(await list({ limit: 2, offset: 3 })).toEqual(['a-b', 'a_b']);
    expect(await list({ states: ['running', 'queued'] })).toEqual([]);
    expect(await list({ states: ['queued'], unrun: 1 })).toHaveLength(7);
    expect(await fileWorkflows.run(store.read, {})).toHaveLength(8);
  });

  it('runs, newest first, by page, workflow and state', async () => {
    const one = await defineVersion(store, 'one', [{ key: 'x' }]);
    const two = await defineVersion(store, 'two', [{ key: 'x' }]);
    const [a, b, c] = [await makeRun(store, one, 1), await makeRun(store, two, 1), await makeRun(store, one, 1)];
    await makeRun(store, one, 1, { state: 'creating' });
    const before = Number.MAX_SAFE_INTEGER;
    const page = {
      before,
      from: 0,
      limit: 10,
      createdAfterMs: 0,
      createdBeforeMs: before,
      anyState: 1,
      states: [],
      anyStarter: 1,
      starters: [],
    };
    const numbersOf = (rows: readonly { no: number }[]) => rows.map(({ no }) => no);
    expect(numbersOf(await runNumbers.run(store.longRead, page))).toEqual([c, b, a]);
    expect(numbersOf(await runNumbers.run(store.longRead, { ...page, before: c, limit: 1 }))).toEqual([b]);
    expect(numbersOf(await runNumbers.run(store.longRead, { ...page, from: c }))).toEqual([c]);
    expect(await runNumbers.run(store.longRead, { ...page, anyState: 0, states: ['success'] })).toEqual([]);
    expect(await runNumbers.run(store.longRead, { ...page, anyStarter: 0, starters: ['t1'] })).toEqual([]);
    expect(numbersOf(await runNumbersInState.run(store.longRead, { ...page, state: 'queued' }))).toEqual([c, b, a]);
    expect(await runNumbersInState.run(store.longRead, { ...page, state: 'success' })).toEqual([]);
    const ofOne = { ...page, anyState: 0, states: ['queued'], workflow: one.workflow };
    expect(numbersOf(await runNumbersOfWorkflow.run(store.longRead, ofOne))).toEqual([c, a]);
  });

  it('log chunks once, in the order of attempt, sequence and stream', async () => {
    // Of a job that does not exist.
    opened.leaves('logs-of-attempts');
    const chunk = (attempt: number, sequence: number, stream: number): LogChunkTable => ({
      job: 5,
      attempt,
      sequence,
      stream,
      at_ms: 1,
      data: `${attempt}.${sequence}`,
    });
    const push = (...rows: LogChunkTable[]) =>
      store.transact((connection) => insertLogChunks.run(connection, { rows }));
    expect(await push(chunk(0, 1, 1), chunk(0, 0, 1))).toHaveLength(2);
    expect(await push(chunk(0, 1, 1), chunk(0, 1, 2))).toEqual([{ job: 5, attempt: 0, sequence: 1, stream: 2 }]);
    await push(chunk(1, 0, 1), chunk(0, 10, 1), chunk(0, 2, 1));
    const start = { job: 5, attempt: 0, sequence: -1, stream: 0 };
    const all = { ...start, lastAttempt: Number.MAX_SAFE_INTEGER, limit: 100, maxBytes: 1_000_000 };
    const places = async (more: Partial<typeof all> = {}) =>
      (await logPage.run(store.longRead, { ...all, ...more })).map(
        (row) => `${row.attempt}.${row.sequence}.${row.stream}`,
      );
    expect(await places()).toEqual(['0.0.1', '0.1.1', '0.1.2', '0.2.1', '0.10.1', '1.0.1']);
    expect(await places({ sequence: 1, stream: 1, limit: 2 })).toEqual(['0.1.2', '0.2.1']);
    expect(await places({ lastAttempt: 0, sequence: 9 })).toEqual(['0.10.1']);
    expect(await places({ job: 6 })).toEqual([]);
    const bytes = Buffer.byteLength(chunk(0, 0, 0).data);
    expect(await places({ maxBytes: 1 })).toEqual(['0.0.1']);
    expect(await places({ maxBytes: bytes * 2 })).toEqual(['0.0.1', '0.1.1']);
    expect(await places({ maxBytes: bytes * 2 + 1 })).toEqual(['0.0.1', '0.1.1', '0.1.2']);
    const end = { job: 5, attempt: 1, sequence: 0, stream: 1, firstAttempt: 0, limit: 2, maxBytes: 1_000_000 };
    expect((await logPageBefore.run(store.longRead, end)).map(({ sequence }) => sequence)).toEqual([10, 2]);
    expect(await logPageBefore.run(store.longRead, { ...end, firstAttempt: 1 })).toEqual([]);
    const sizes = await logSizes.run(store.read, { ...start, sequence: 1, limit: 2 });
    expect(sizes).toEqual([
      { sequence: 1, stream: 1, bytes },
      { sequence: 1, stream: 2, bytes },
    ]);
    expect(
      await storedLogChunks.run(store.read, {
        rows: [
          { job: 5, attempt: 0, sequence: 1, stream: 2 },
          { job: 5, attempt: 0, sequence: 7, stream: 1 },
        ],
      }),
    ).toHaveLength(1);
    const stdout = await stdoutPage.run(store.longRead, {
      job: 5,
      attempt: 0,
      sequence: 0,
      lastSequence: 9,
      limit: 5,
      maxBytes: 1_000_000,
    });
    expect(stdout.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('workers with their last sign of life, which never goes back', async () => {
    const at = (id: string, seenMs: number) => ({
      id,
      labels: '["a"]',
      slots: 2,
      version: 'v',
      registered_at_ms: seenMs,
      seen_at_ms: seenMs,
      only_labelled: 0,
      credential: null,
    });
    await store.transact((connection) => registerWorkers.run(connection, { rows: [at('a', 10), at('b', 10)] }));
    await store.transact((connection) => noteWorkers.run(connection, { rows: [at('b', 5), at('c', 7)] }));
    const touched = await store.transact((connection) =>
      touchWorkers.run(connection, {
        rows: [
          { id: 'a', seen_at_ms: 20 },
          { id: 'b', seen_at_ms: 3 },
          { id: 'x', seen_at_ms: 9 },
        ],
      }),
    );
    expect(touched.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    const seen = async () =>
      Object.fromEntries(
        (await listWorkers.run(store.longRead, { limit: 9, offset: 0 })).map((row) => [row.id, row.seen_at_ms]),
      );
    expect(await seen()).toEqual({ a: 20, b: 10, c: 7 });
    await store.transact((connection) =>
      registerWorkers.run(connection, {
        rows: [{ ...at('a', 30), labels: '[]', slots: 1, version: 'v2', only_labelled: 1 }],
      }),
    );
    expect((await listWorkers.run(store.longRead, { limit: 1, offset: 0 }))[0]).toMatchObject({
      id: 'a',
      labels: '[]',
      slots: 1,
    });
  });

  it('tokens, until they are revoked by id or name', async () => {
    const token = {
      scopes: '[]',
      labels: null,
      only_labelled: 0,
      created_at_ms: 1,
      expires_at_ms: null,
      revoked_at_ms: null,
    };
    for (const [id, name] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
    ] as const) {
      await store.transact((connection) => insertToken.run(connection, { ...token, id, name, hash: `h${id}` }));
    }
    const revoke = (idOrName: string) =>
      store.transact((connection) => revokeToken.run(connection, { idOrName, nowMs: 9 }));
    expect(await revoke('3')).toEqual([{ id: '3', name: 'b' }]);
    expect((await revoke('a')).map(({ id }) => id).sort()).toEqual(['1', '2']);
    expect(await revoke('a')).toEqual([]);
    expect((await allTokens.run(store.read, {})).map((row) => row.revoked_at_ms)).toEqual([9, 9, 9]);
  });
});
