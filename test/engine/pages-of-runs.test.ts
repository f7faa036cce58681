import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { runQuery } from '../support/run-query.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(() => fixture.end());

it('runs with large inputs come in smaller pages, each run once', async () => {
  const id = await fixture.define('jobs: { a: { run: x } }');
  const started: string[] = [];
  for (let at = 0; at < 40; at++) {
    started.push((await fixture.startRun(id, { text: 'x'.repeat(512 * 1024) })).runId);
  }
  const seen: string[] = [];
  const sizes: number[] = [];
  let pageToken = '';
  do {
    const page = await fixture.engine.listRuns(runQuery({ limit: 1_000, pageToken }));
    seen.push(...page.runs.map(({ runId }) => runId));
    sizes.push(page.runs.length);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(seen).toEqual(started.reverse());
  expect(sizes).toEqual([32, 8]);
  const few = await fixture.engine.listRuns(runQuery({ workflows: [id], limit: 3 }));
  expect([few.runs.length, few.nextPageToken === '']).toEqual([3, false]);
});

it('the first page has the run whose id or workflow begins with a text, and says that there are no more', async () => {
  const id = await fixture.define('jobs: { a: { run: x } }');
  const { runId } = await fixture.startRun(id);
  for (const query of [runId, runId.slice(0, 13), id]) {
    const page = await fixture.engine.listRuns(runQuery({ query, limit: 1 }));
    expect([page.runs.map((run) => run.runId), page.nextPageToken]).toEqual([[runId], '']);
  }
  expect((await fixture.engine.listRuns(runQuery({ query: 'ffffffff' }))).runs).toEqual([]);
});
