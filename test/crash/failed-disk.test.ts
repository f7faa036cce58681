import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { oneServer } from '../support/one-server.js';
import { runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { maybe } from './calls.js';
import { SmallDisk } from './small-disk.js';
import { failFromNowOn, needStrace } from './strace.js';

test('a failed sync ends the server with 70 and a message, and nothing acknowledged is lost', async (context) => {
  needStrace(context);
  const server = oneServer();
  await server.start();
  const api = server.api();
  const run = await api.start({ name: 'sync', jobs: { a: { run: 'x' } } });
  const claim = await api.claimed('w');
  await failFromNowOn(server.program.pid, { call: 'fsync', how: 'error=EIO' });
  // It is unknown whether the change is stored, so no caller gets a success.
  const answer = await maybe(() => api.complete(claim));
  expect(answer?.status ?? 'none').not.toBe(200);
  expect(await server.program.ended).toEqual({ code: 70, signal: null });
  const told = server.log().find(({ level }) => level === 60);
  expect(told).toMatchObject({
    msg: 'the disk failed, and it is unknown what is stored: ending the process',
    err: { message: expect.stringContaining(`The database ${server.databaseFile} cannot be written: disk I/O error`) },
  });

  await server.start();
  expect((await api.status(run)).jobs[0]?.attempt).toBe(0);
  // Its worker repeats the report, which counts once.
  expect((await api.complete(claim)).status).toBe(200);
  expect((await api.status(run)).jobs[0]?.status).toBe('success');
  await server.stop();
  expect(await runProgram(['doctor', '--data', server.dataDir])).toMatchObject({ code: 0 });
});

test('a data folder that cannot be written is named at the start', async (context) => {
  let folder: string;
  if (process.getuid?.() === 0) {
    const disk = new SmallDisk(context, 4);
    folder = join(disk.folder, 'data');
    mkdirSync(folder);
    disk.makeReadOnly();
  } else {
    folder = temporaryFolder();
    chmodSync(folder, 0o500);
  }
  const program = oneServer({}, folder).launch();
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr).toMatch(/^error: Cannot lock .*\/workflow-graph\.db-lock: E(ROFS|ACCES): /m);
  expect(program.stderr).toContain('Check that the folder exists, that this user may write there');
  expect(program.stderr).not.toMatch(/^ {4}at /m);
});
