import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.js';
import { definitionLimits } from '../../src/engine/definitions/limits.js';
import { pruneOperation } from '../../src/engine/runs/prune.js';
import { createToken } from '../../src/tokens.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const token = { name: 'laptop', scopes: ['submit'], labels: null, onlyLabelled: false, expiresAtMs: null } as const;
const bytes = (text: string) => Buffer.from(text);
const first = '# Größe 🚀\njobs: { a: { run: x } }\n';
const second = 'jobs: { a: { run: y } }\n';
const create = (text: string, caller = fixture.caller, requestId: string | null = null) =>
  fixture.engine.createWorkflow({ caller, text: bytes(text), format: 'yaml', requestId });
const update = (id: string, text: string, baseVersion: number | null = null) =>
  fixture.engine.updateWorkflow({ caller: fixture.caller, id, text: bytes(text), format: 'yaml', baseVersion });
const validate = (text: string, format: 'yaml' | 'json' = 'yaml') =>
  fixture.engine.validateDefinition({ text: bytes(text), format, signal: null });
const versions = (workflow: string, limit = 100, pageToken = '') =>
  fixture.engine.listVersions({ workflow, limit, pageToken });
const prune = async (beforeMs: number) => {
  const operation = pruneOperation();
  while ((await fixture.engine.context.writer.submit(operation, { runsMs: beforeMs, logsMs: beforeMs })).more);
};
const rowsOf = async (statement: string) => (await fixture.store.read.query(statement, [])) as unknown as object[];

describe('the text of a version', () => {
  it('is kept as it was loaded, with its file, its size and its time, for each version', async () => {
    const id = await fixture.define(first, 'ci');
    const atMs = fixture.environment.now();
    await fixture.startRun(id);
    fixture.environment.skip(1_000);
    await fixture.define(second, 'ci');

    const old = await fixture.engine.definition('ci', 1);
    expect(old).toMatchObject({ text: first, currentVersion: 2, broken: null });
    expect(old.version).toMatchObject({ number: 1, source: 'file', file: 'ci.yml', format: 'yaml', createdBy: null });
    expect(old.version.bytes).toBe(bytes(first).byteLength);
    expect(Math.abs(old.version.createdAtMs - atMs)).toBeLessThan(60_000);
    expect(await fixture.engine.definition('ci', null)).toMatchObject({ text: second, version: { number: 2 } });
    const { versions: listed } = await versions('ci');
    expect(listed.map(({ number, jobs }) => [number, jobs])).toEqual([
      [2, 1],
      [1, 1],
    ]);
  });

  it('names the token that sent it', async () => {
    const { id: laptop } = await createToken(fixture.store, fixture.environment, token);
    const { id } = await create(first, { credential: laptop } as never);
    const { version, text } = await fixture.engine.definition(id, null);
    expect(version).toMatchObject({ source: 'api', file: null, createdBy: 'laptop' });
    expect(text).toBe(first);
  });

  it('is the whole text of a definition that is written in several transactions', async () => {
    const jobs = definitionLimits.jobsPerPiece * (definitionLimits.piecesPerTransaction + 1);
    const text = JSON.stringify({
      jobs: Object.fromEntries(Array.from({ length: jobs }, (_, i) => [`j${i}`, { run: 'x' }])),
    });
    const { id } = await fixture.engine.createWorkflow({
      caller: fixture.caller,
      text: bytes(text),
      format: 'json',
      requestId: null,
    });
    const { version, text: kept } = await fixture.engine.definition(id, null);
    expect(version).toMatchObject({ jobs, format: 'json' });
    expect(kept).toBe(text);
  });

  it('is missing for a version of an earlier program, until its file is loaded again', async () => {
    await fixture.define(first, 'ci');
    await fixture.store.transact(async (connection) => connection.execute('delete from version_texts', []));
    const { version, text } = await fixture.engine.definition('ci', 1);
    expect(text).toBeNull();
    expect(version).toMatchObject({ source: 'file', file: null, format: null, bytes: null });
    await fixture.define(first, 'ci');
    expect(await fixture.engine.definition('ci', 1)).toMatchObject({ text: first, version: { file: 'ci.yml' } });
  });

  it('is deleted with its version', async () => {
    const id = await fixture.define(first, 'ci');
    const { runId } = await fixture.startRun(id);
    await fixture.complete(await fixture.claimed());
    await fixture.define(second, 'ci');
    await fixture.startRun(id);
    await fixture.complete(await fixture.claimed());
    expect(await rowsOf('select version from version_texts')).toHaveLength(2);
    await prune(fixture.environment.now() + 1);
    expect(await rowsOf(`select id from runs where id = '${runId}'`)).toEqual([]);
    expect(await rowsOf('select version from version_texts')).toHaveLength(1);
    await expect(fixture.engine.definition('ci', 1)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not exist for what does not exist', async () => {
    await fixture.define(first, 'ci');
    await expect(fixture.engine.definition('ci', 2)).rejects.toMatchObject({ code: 'not_found' });
    await expect(fixture.engine.definition('none', null)).rejects.toMatchObject({ code: 'not_found' });
    await expect(versions('none')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the list of versions', () => {
  it('comes in pages, newest first', async () => {
    const { id } = await create(first);
    for (let i = 0; i < 4; i += 1) await update(id, `jobs: { a: { run: x${i} } }`);
    const numbers: number[] = [];
    let pageToken = '';
    do {
      const page = await versions(id, 2, pageToken);
      expect(page.currentVersion).toBe(5);
      expect(page.versions.length).toBeLessThanOrEqual(2);
      numbers.push(...page.versions.map(({ number }) => number));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(numbers).toEqual([5, 4, 3, 2, 1]);
  });
});

describe('an update', () => {
  it('makes a new version, once; runs keep theirs', async () => {
    const { id } = await create(first);
    await fixture.startRun(id);
    expect(await update(id, second, 1)).toEqual({ version: 2, changed: true });
    // A repeated call has the same base.
    expect(await update(id, second, 1)).toEqual({ version: 2, changed: false });
    expect((await fixture.claimed()).spec.command).toContain('x');
    await fixture.startRun(id);
    expect((await fixture.claimed()).spec.command).toContain('y');
  });

  it('is refused when another version is current, and changes nothing', async () => {
    const { id } = await create(first);
    await update(id, second);
    const late = update(id, 'jobs: { a: { run: z } }', 1);
    await expect(late).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('version 2') });
    expect(await fixture.engine.definition(id, null)).toMatchObject({ text: second });
  });

  it('is refused for a workflow of a file, for a removed one, for an unknown one, and for an invalid text', async () => {
    await fixture.define(first, 'ci');
    await expect(update('ci', second)).rejects.toMatchObject({ code: 'conflict' });
    await expect(update('none', second)).rejects.toMatchObject({ code: 'not_found' });
    const { id } = await create(first);
    await expect(update(id, 'jobs: { a: { needs: b, run: x } }')).rejects.toMatchObject({ code: 'invalid_definition' });
    await fixture.engine.removeWorkflow(fixture.caller, id);
    await expect(update(id, second)).rejects.toMatchObject({ code: 'not_found' });
    expect(await fixture.engine.definition('ci', null)).toMatchObject({ text: first });
  });
});

describe('a validation', () => {
  it('answers with the graph of a valid text, and stores nothing', async () => {
    const result = await validate(`
      name: Build
      jobs:
        a: { run: x, labels: linux }
        b: { needs: a, run: x, labels: [gpu, linux] }
        c: { needs: [a, b], run: x, labels: linux, strategy: { matrix: { os: [one, two] } } }
    `);
    if (!result.ok) throw new Error('it is valid');
    const { graph } = result;
    expect(graph).toMatchObject({ name: 'Build', keys: ['a', 'b', 'c'], needs: [[], [0], [0, 1]] });
    expect(graph.labelSetIndexes.map((index) => graph.labelSets[index])).toEqual([
      ['linux'],
      ['gpu', 'linux'],
      ['linux'],
    ]);
    expect(graph.childrenFrom.map((from) => from > 0)).toEqual([false, false, true]);
    for (const table of ['workflows', 'versions', 'version_texts', 'label_sets', 'audit']) {
      expect(await rowsOf(`select * from ${table}`), table).toEqual([]);
    }
  });

  it('has the same graph as the stored version', async () => {
    const text = 'jobs: { a: { run: x, labels: l }, b: { needs: a, run: x, if: "always()", retries: 2, timeout: 3s } }';
    const result = await validate(text);
    if (!result.ok) throw new Error('it is valid');
    const id = await fixture.define(text);
    expect({ ...result.graph, name: id, workflowId: id, version: 1 }).toEqual(await fixture.engine.runGraph(id, 1));
  });

  it('has every problem with its place, also of a large text', async () => {
    const text = 'jobs:\n  a: { needs: b, run: x }\n  c: { runn: x }\n';
    const padding = `# ${'x'.repeat(definitionLimits.inlineBytes)}\n`;
    for (const [given, offset] of [
      [text, 0],
      [padding + text, 1],
    ] as const) {
      const result = await validate(given);
      if (result.ok) throw new Error('it is invalid');
      expect(result.problems.map(({ line, job }) => [line, job])).toEqual(
        expect.arrayContaining([
          [2 + offset, 'a'],
          [3 + offset, 'c'],
        ]),
      );
      expect(result.problems.every(({ column }) => (column ?? 0) > 0)).toBe(true);
    }
  });

  it('refuses a text beyond the limit', async () => {
    const text = new Uint8Array(limits.definitionBytes + 1);
    const late = fixture.engine.validateDefinition({ text, format: 'yaml', signal: null });
    await expect(late).rejects.toMatchObject({ code: 'too_large' });
  });
});
