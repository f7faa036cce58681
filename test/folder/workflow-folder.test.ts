import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.js';
import { type FolderEngine, WorkflowFolder } from '../../src/folder/workflow-folder.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { until } from '../support/until.js';

let fixture: EngineFixture;
let dir: string;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  dir = mkdtempSync(join(tmpdir(), 'workflow-graph-folder-'));
});

afterEach(async () => {
  await fixture.end();
  rmSync(dir, { recursive: true });
});

it('tries a file again that could not be stored, and logs that once', async () => {
  writeFileSync(join(dir, 'ci.yml'), 'jobs:\n  a:\n    run: x\n');
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  let failures = 2;
  const engine: FolderEngine = {
    ...fixture.engine,
    define: (definition) => {
      if (failures-- > 0) throw new DomainError('unavailable', 'the database is unavailable');
      return fixture.engine.define(definition);
    },
  };
  const folder = new WorkflowFolder(dir, engine, log);
  await folder.start();
  try {
    const listed = async () =>
      (await fixture.engine.listWorkflows({ limit: 10, offset: 0, status: null, jobsMax: 100 })).workflows;
    // No file changes any more: the looks alone bring it.
    await until('the file is stored', async () => (await listed()).length === 1);
    expect(lines).toEqual(['could not store ci.yml; trying again: the database is unavailable']);
  } finally {
    await folder.stop();
  }
});

it('logs what is hardly meant in a file, with its place, when the file is loaded', async () => {
  writeFileSync(join(dir, 'ci.yml'), 'on: push\njobs:\n  a:\n    run: x\n');
  const folder = new WorkflowFolder(dir, fixture.engine, pino({ level: 'silent' }));
  await folder.start();
  await folder.stop();
  expect(fixture.warnings).toEqual([
    expect.stringMatching(/^workflow "ci": ci\.yml:1:5: "on" says "push", which starts no runs here; .*"on: manual"$/),
  ]);
});
