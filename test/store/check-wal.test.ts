import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { refuseDamagedWal } from '../../src/store/sqlite/check-wal.js';
import { openDatabase } from '../../src/store/sqlite/open-database.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const headerBytes = 32;
const frameBytes = 24 + 4096;
const transactions = 12;

let file: string;

/** A database as a killed process leaves it: each transaction wrote a few pages to the log, and none is in the file. */
beforeEach(() => {
  const folder = temporaryFolder();
  const written = join(folder, 'written.db');
  const database = openDatabase(written, 'write');
  database.exec('create table t (n integer primary key, text text)');
  const insert = database.prepare('insert into t (text) values (?)');
  const commit = database.transaction(() => {
    for (let row = 0; row < 5; row++) insert.run('x'.repeat(2_000));
  });
  for (let n = 1; n < transactions; n++) commit();
  file = join(folder, 'killed.db');
  for (const end of ['', '-wal']) copyFileSync(`${written}${end}`, `${file}${end}`);
  database.close();
});

/** How many rows SQLite finds. */
function rows(): number {
  const database = new Database(file);
  try {
    return database.prepare<[], number>('select count(*) from t').pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

function wal(): Buffer {
  return readFileSync(`${file}-wal`);
}

/** The numbers of the frames that commit, from 0. */
function commits(): number[] {
  const log = wal();
  const count = (log.length - headerBytes) / frameBytes;
  return Array.from({ length: count }, (_, at) => at).filter(
    (at) => log.readUInt32BE(headerBytes + at * frameBytes + 4) !== 0,
  );
}

function spoil(at: number, bytes = 8): void {
  const log = openSync(`${file}-wal`, 'r+');
  writeSync(log, Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  closeSync(log);
}

const frame = (number: number) => headerBytes + number * frameBytes;

describe('a write-ahead log', () => {
  it('is accepted as written', () => {
    expect(commits().length).toBe(transactions);
    expect(() => refuseDamagedWal(file)).not.toThrow();
    expect(rows()).toBe(5 * (transactions - 1));
  });

  it('may be absent or empty', () => {
    expect(() => refuseDamagedWal(`${file}-other`)).not.toThrow();
    truncateSync(`${file}-wal`, 0);
    expect(() => refuseDamagedWal(file)).not.toThrow();
  });

  it('may end anywhere, as after a crash', () => {
    const whole = wal();
    for (let bytes = whole.length; bytes >= 0; bytes -= 3_001) {
      writeFileSync(`${file}-wal`, whole.subarray(0, bytes));
      expect(() => refuseDamagedWal(file), `${bytes} bytes`).not.toThrow();
    }
  });

  it('may lack any frame of its last transaction, whichever reached the disk', () => {
    const whole = wal();
    const [before = 0, last = 0] = commits().slice(-2);
    for (let number = before + 1; number <= last; number++) {
      writeFileSync(`${file}-wal`, whole);
      spoil(frame(number), frameBytes);
      expect(() => refuseDamagedWal(file), `frame ${number}`).not.toThrow();
    }
  });

  it('can continue with frames of the previous log', () => {
    const old = wal();
    const database = openDatabase(file, 'write');
    database.pragma('wal_checkpoint(restart)');
    database.exec(`insert into t (text) values ('new')`);
    const copy = `${file}-copy`;
    for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${copy}${end}`);
    database.close();
    expect(readFileSync(`${copy}-wal`).length).toBe(old.length);
    expect(() => refuseDamagedWal(copy)).not.toThrow();
  });

  it('is refused if a damaged frame precedes committed ones, which SQLite alone would silently drop', () => {
    const whole = wal();
    const all = commits();
    const lastToFind = all[all.length - 3] ?? 0;
    for (let number = 0; number <= lastToFind; number += 4) {
      for (const at of [frame(number), frame(number) + 10, frame(number) + 20, frame(number) + 2_000]) {
        writeFileSync(`${file}-wal`, whole);
        spoil(at);
        expect(() => refuseDamagedWal(file), `byte ${at}`).toThrow(
          `The write-ahead log ${file}-wal is damaged: frame ${number + 1} is not what SQLite wrote`,
        );
      }
    }
    expect(existsSync(`${file}-shm`)).toBe(false);
    expect(rows()).toBeLessThan(5 * (transactions - 1));
  });

  it('is refused if its header is damaged', () => {
    const whole = wal();
    for (const at of [0, 8, 16, 24]) {
      writeFileSync(`${file}-wal`, whole);
      spoil(at);
      expect(() => refuseDamagedWal(file), `byte ${at}`).toThrow('its header is not what SQLite wrote');
    }
  });
});
