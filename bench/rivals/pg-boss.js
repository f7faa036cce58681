// Whole lives of no-op jobs in pg-boss: sent, fetched and completed by calls of this process. Its own `work` polls at
// most twice a second; fetching again as soon as the last jobs are done is the fastest way that it offers.
import { PgBoss } from 'pg-boss';
import { closedLoop, jobsPerCall, settings } from './closed-loop.js';

const queue = 'noop';
const workers = 8;
const given = settings();

const boss = new PgBoss({ connectionString: given.url, max: 20, supervise: false, schedule: false });
boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
await boss.start();
await boss.createQueue(queue);

const many = Array.from({ length: jobsPerCall }, () => ({ data: {} }));
const loop = closedLoop(given, {
  producers: workers,
  underWayMax: given.isBatched ? 2_000 : 256,
  async add() {
    if (!given.isBatched) {
      await boss.send(queue, {});
      return 1;
    }
    await boss.insert(queue, many);
    return many.length;
  },
});

async function work() {
  while (!loop.isOver()) {
    const jobs = await boss.fetch(queue, { batchSize: given.isBatched ? 250 : 1 });
    if (jobs.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    await boss.complete(
      queue,
      jobs.map(({ id }) => id),
    );
    loop.done(jobs.length);
  }
}

const working = Array.from({ length: workers }, work);
await loop.run();
await Promise.all(working);
await boss.stop({ graceful: false });
