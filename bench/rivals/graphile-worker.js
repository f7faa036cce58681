// Whole lives of no-op jobs in graphile-worker: added, fetched, executed in this process, and deleted on success. In
// batches it is configured as its page on performance recommends.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { closedLoop, jobsPerCall, settings } from './closed-loop.js';

const concurrency = 24;
const given = settings();

const logger = new Logger(() => (level, message) => {
  if (level === 'error') process.stderr.write(`${message}\n`);
});
const pool = new pg.Pool({ connectionString: given.url, max: concurrency + 9 });
const tell = (error) => process.stderr.write(`${error.message}\n`);
pool.on('error', tell);
pool.on('connect', (client) => client.on('error', tell));
let loop;
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
const runner = await run({
  pgPool: pool,
  noHandleSignals: true,
  logger,
  taskList: { noop: () => loop?.done(1) },
  preset: {
    worker: {
      concurrentJobs: concurrency,
      ...(given.isBatched ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}),
    },
  },
});

const many = Array.from({ length: jobsPerCall }, () => ({ identifier: 'noop', payload: {} }));
loop = closedLoop(given, {
  producers: given.isBatched ? 8 : concurrency,
  underWayMax: given.isBatched ? 2_000 : 256,
  async add() {
    if (!given.isBatched) {
      await utils.addJob('noop', {});
      return 1;
    }
    await utils.addJobs(many);
    return many.length;
  },
});
await loop.run();
await runner.stop();
await utils.release();
await pool.end();
