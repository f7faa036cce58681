import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

function jobs(count: number): string {
  return `jobs: {${Array.from({ length: count }, (_, at) => `j${at}: { run: x }`).join(', ')}}`;
}

async function list(more: { limit?: number; offset?: number; jobsMax?: number } = {}) {
  const query = { limit: 100, offset: 0, status: null, jobsMax: 20_000, ...more };
  const { workflows, nextOffset } = await fixture.engine.listWorkflows(query);
  return { shown: workflows.map((view) => `${view.id}:${view.jobs.length}`), nextOffset, workflows };
}

describe('a page of workflows', () => {
  it('ends before the workflow that exceeds its number of jobs, and says where the rest begins', async () => {
    for (const [id, count] of [
      ['a', 3],
      ['b', 4],
      ['c', 5],
    ] as const)
      await fixture.define(jobs(count), id);
    expect(await list({ jobsMax: 8 })).toMatchObject({ shown: ['a:3', 'b:4'], nextOffset: 2 });
    expect(await list({ jobsMax: 8, offset: 2 })).toMatchObject({ shown: ['c:5'], nextOffset: null });
    expect(await list({ limit: 2 })).toMatchObject({ shown: ['a:3', 'b:4'], nextOffset: 2 });
    expect(await list({ limit: 3 })).toMatchObject({ shown: ['a:3', 'b:4', 'c:5'], nextOffset: null });
    // A workflow that is larger than a page is returned alone.
    expect(await list({ jobsMax: 2 })).toMatchObject({ shown: ['a:3'], nextOffset: 1 });
  });

  it('shows each workflow as if read alone, with its jobs in order', async () => {
    await fixture.define('jobs: { z: { run: x }, y: { run: x, needs: z }, a: { run: x } }', 'a');
    await fixture.define(jobs(1_200), 'b');
    await fixture.define(jobs(2), 'c');
    await fixture.startRun('a');
    await fixture.complete(await fixture.claimed(), { k: 'v' });
    await fixture.startRun('b');
    const { workflows } = await list();
    expect(workflows.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    for (const view of workflows) expect(view).toEqual(await fixture.engine.workflowStatus(view.id));
    // The newest run shows the definition that it started with.
    await fixture.define(jobs(7), 'a');
    expect((await list()).shown).toEqual(['a:3', 'b:1200', 'c:2']);
  });

  it('takes as many statements for many workflows as for one', async () => {
    const read = fixture.store.longRead;
    const statementsOf = async () => {
      let count = 0;
      const query = read.query.bind(read);
      read.query = (...call) => {
        count++;
        return query(...call);
      };
      await list();
      read.query = query;
      return count;
    };
    await fixture.define(jobs(2));
    await fixture.startRun('wf-1');
    await fixture.startRun(await fixture.define(jobs(2)));
    const few = await statementsOf();
    for (let i = 0; i < 30; i++) await fixture.startRun(await fixture.define(jobs(2)));
    expect(await statementsOf()).toBe(few);
  });
});

describe('the snapshot of every run', () => {
  it('comes in parts, and only the last part says where to resume', async () => {
    for (const id of ['a', 'b', 'c']) await fixture.define(jobs(1_500), id);
    await fixture.startRun('c');
    const stop = new AbortController();
    const parts = [];
    for await (const part of fixture.engine.watchRuns({ id: '', afterEvent: null }, stop.signal)) {
      parts.push({ ids: part.snapshot.map(({ id }) => id), more: part.snapshotContinues, resumes: part.lastEvent > 0 });
      if (!part.snapshotContinues) stop.abort();
    }
    expect(parts).toEqual([
      { ids: ['a'], more: true, resumes: false },
      { ids: ['b'], more: true, resumes: false },
      { ids: ['c'], more: false, resumes: true },
    ]);
  });
});
