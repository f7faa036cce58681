import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backupSqliteFile } from '../../src/store/sqlite/backup-file.js';
import { openTestStoreAt } from '../support/open-test-store.js';

let base: string;
let umask: number;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'workflow-graph-private-'));
  umask = process.umask(0o022);
});

afterEach(() => {
  process.umask(umask);
  rmSync(base, { recursive: true });
});

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function modesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]));
}

async function openAndClose(file: string, look: () => void = () => {}): Promise<void> {
  const store = await openTestStoreAt(file);
  look();
  await store.close();
}

it('a new database and the files next to it are readable by the owner only', async () => {
  const folder = join(base, 'data');
  await openAndClose(join(folder, 'x.db'), () => {
    expect(modeOf(folder)).toBe('700');
    const modes = modesIn(folder);
    expect(Object.keys(modes).sort()).toEqual(
      expect.arrayContaining(['x.db', 'x.db-lock', 'x.db-lock.pid', 'x.db-wal']),
    );
    expect([...new Set(Object.values(modes))]).toEqual(['600']);
  });
});

it('the modes of files and folder of an earlier version are tightened', async () => {
  const folder = join(base, 'data');
  const file = join(folder, 'x.db');
  await openAndClose(file);
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
  await openAndClose(file, () => expect([...new Set(Object.values(modesIn(folder)))]).toEqual(['600']));
  expect(modeOf(folder)).toBe('700');
});

it('a folder with other files keeps its mode, and so do they', async () => {
  const folder = join(base, 'shared');
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, 'notes.txt'), '');
  await openAndClose(join(folder, 'x.db'), () => expect(modeOf(join(folder, 'x.db'))).toBe('600'));
  expect([modeOf(folder), modeOf(join(folder, 'notes.txt'))]).toEqual(['755', '644']);
});

it('a backup is readable by the owner only', async () => {
  const file = join(base, 'data', 'x.db');
  await openAndClose(file);
  const target = join(base, 'copy.db');
  await backupSqliteFile({ file, target, overwrite: false }, () => {
    for (const name of readdirSync(base).filter((name) => name.startsWith('copy.db'))) {
      expect(modeOf(join(base, name))).toBe('600');
    }
  });
  expect(existsSync(target) && modeOf(target)).toBe('600');
});
