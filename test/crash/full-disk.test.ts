import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Claim } from '@workflow-graph/client';
import { expect, type TestContext, test } from 'vitest';
import { type Answer, type Api, chunk } from '../support/api.js';
import { shortLease } from '../support/machine.js';
import { type OneServer, oneServer } from '../support/one-server.js';
import { runProgram } from '../support/program.js';
import { until } from '../support/until.js';
import { pause } from './calls.js';
import { SmallDisk } from './small-disk.js';
import { failFromNowOn, needStrace } from './strace.js';

/** A server whose disk can be filled; `fill` returns a function that frees the space. */
interface Place {
  readonly server: OneServer;
  fill(): Promise<() => Promise<void>>;
}

const places: readonly (readonly [string, (context: TestContext) => Place])[] = [
  [
    'a small disk',
    (context) => {
      const disk = new SmallDisk(context, 12);
      return {
        server: oneServer({}, join(disk.folder, 'data')),
        async fill() {
          disk.fill();
          return async () => disk.free();
        },
      };
    },
  ],
  [
    'a disk on which every write runs out of space',
    (context) => {
      needStrace(context);
      const server = oneServer();
      const fault = { call: 'pwrite64', how: 'error=ENOSPC' } as const;
      return { server, fill: () => failFromNowOn(server.program.pid, fault) };
    },
  ],
];

const ttlSecs = shortLease(2);

test.for(places)(
  'on %s that is full, changes are refused with the reason, reads continue, and with free space everything works again',
  async ([, make], context) => {
    const { server, fill } = make(context);
    await server.start();
    const api = server.api();
    const run = await api.start({ name: 'full', jobs: { a: { run: 'x', retries: 1 }, b: { run: 'x', needs: 'a' } } });
    const claim = await api.claimed('w', { ttlSecs });
    const pusher = new Pusher(api, claim);
    await pusher.push();

    const free = await fill();
    const refused = await pusher.pushUntilRefused();
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((refused.body as { message: string }).message).toContain(
      `${server.databaseFile} cannot be used: the disk is full`,
    );
    expect(
      await server.logged(/disk full or read-only: changes are refused until it can be written again; reads continue/),
    ).toBeDefined();

    // Longer than the lease: its holder is alive, but renewals cannot be stored.
    const fullUntil = Date.now() + ttlSecs * 1_500;
    while (Date.now() < fullUntil) {
      expect((await api.heartbeat(claim)).status).toBe(503);
      expect((await api.post('/api/workflows', { name: 'n', jobs: { a: { run: 'x' } } })).status).toBe(503);
      expect((await api.job(run, 'a')).status).toBe('running');
      expect(await api.logText(run, 'a')).toBe(pusher.acknowledged);
      expect((await api.get('/healthz')).status).toBe(200);
      const readiness = await api.get('/readyz');
      expect(readiness.status).toBe(503);
      expect((readiness.body as { reason: string }).reason).toContain('the disk is full');
      await pause(100);
    }
    expect(server.program.running).toBe(true);

    await free();
    // By itself: a proxy that knows that the server is not ready sends no other request.
    await until('the server is ready', async () => (await api.get('/readyz')).status === 200);
    await server.logged(/the disk can be written again/);
    await pusher.push();
    expect((await api.complete(claim, { k: 'v' })).status).toBe(200);
    expect(await server.kill()).toMatchObject({ signal: 'SIGKILL' });
    await server.start();
    expect(await api.job(run, 'a')).toMatchObject({ status: 'success', outputs: { k: 'v' } });
    expect(await api.logText(run, 'a')).toBe(pusher.acknowledged);
    await server.stop();
    expect(await runProgram(['doctor', '--data', server.dataDir])).toMatchObject({ code: 0 });
  },
);

test('if the disk is full when the server starts, it reports that and exits; with free space it starts with all data', async (context) => {
  const disk = new SmallDisk(context, 12);
  const server = oneServer({}, join(disk.folder, 'data'));
  await server.start();
  const run = await server.api().start({ name: 'full', jobs: { a: { run: 'x' } } });
  await server.api().claimed('w');
  await server.kill();

  disk.fill();
  const program = server.launch();
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr).toMatch(/^error: .*workflow-graph\.db.* the disk is full .*Free some space/m);
  expect(program.stderr).not.toMatch(/^ {4}at /m);

  disk.free();
  await server.start();
  expect((await server.api().job(run, 'a')).status).toBe('running');
});

test('if the index of the write-ahead log has no space, the file and the disk are named', async (context) => {
  needStrace(context);
  const server = oneServer();
  await server.start();
  const run = await server.api().start({ name: 'full', jobs: { a: { run: 'x' } } });
  await server.kill();

  const index = `${server.databaseFile}-shm`;
  rmSync(index);
  const fault = ['-P', index, '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=ENOSPC'];
  const program = server.launch(['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...fault]);
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr).toMatch(/^error: .*workflow-graph\.db.*-shm.* the disk is full .*Free some space/m);
  expect(program.stderr).not.toMatch(/^ {4}at /m);

  await server.start();
  expect((await server.api().job(run, 'a')).status).toBe('queued');
});

/** Sends chunks of a job's log, and records which were accepted. */
class Pusher {
  acknowledged = '';
  readonly #api: Api;
  readonly #claim: Claim;
  #sequence = 0;

  constructor(api: Api, claim: Claim) {
    this.#api = api;
    this.#claim = claim;
  }

  /** Sends one chunk repeatedly until it is accepted. */
  async push(): Promise<void> {
    const answer = await this.#send('x'.repeat(100));
    expect(answer.status).toBe(200);
  }

  /** Large chunks, to use up the free space quickly. */
  async pushUntilRefused(): Promise<Answer> {
    for (let i = 0; i < 200; i++) {
      const answer = await this.#send('y'.repeat(60_000));
      if (answer.status !== 200) return answer;
    }
    throw new Error('the disk never was full');
  }

  async #send(text: string): Promise<Answer> {
    const data = `${this.#sequence} ${text}\n`;
    const chunks = [chunk(this.#claim, this.#sequence, data)];
    const answer = await this.#api.post(`/api/jobs/${this.#claim.lease.lease_id}/logs`, { chunks });
    if (answer.status === 200) {
      this.acknowledged += data;
      this.#sequence++;
    }
    return answer;
  }
}
