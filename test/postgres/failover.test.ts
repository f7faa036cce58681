import { afterAll, beforeAll, expect, it } from 'vitest';
import { RoundRobinProxy } from '../conformance/driver/proxy/round-robin-proxy.js';
import { runningTime, scaled } from '../support/machine.js';
import { Cluster } from '../support/postgres/cluster.js';
import { finishAndCompare } from '../support/postgres/compare-journal.js';
import { define, Engines } from '../support/postgres/engines.js';
import { JournalLoad } from '../support/postgres/journal-load.js';
import { createTestDatabase, makeTemplate, queryOnce } from '../support/postgres/test-database.js';
import { until } from '../support/until.js';

const workflow = `jobs:
  a: { run: x, retries: 5 }
  b: { run: x, needs: a, retries: 5 }
  c: { run: x, needs: a, retries: 5 }
  d: { run: x, needs: [b, c], retries: 5 }
`;

let primary: Cluster;
let standby: Cluster | null = null;

beforeAll(async () => {
  primary = await Cluster.start();
  await makeTemplate(primary.url);
});

afterAll(async () => {
  await standby?.end();
  await primary.end();
});

const portOf = (url: string) => Number(new URL(url).port);

it('a promoted synchronous standby has everything acknowledged, and the servers continue with it', {
  timeout: scaled(180_000),
}, async () => {
  const database = await createTestDatabase(primary.url);
  const second = await Cluster.standbyOf(primary);
  standby = second;
  await queryOnce(primary.url, `alter system set synchronous_standby_names = 'standby'`);
  await queryOnce(primary.url, 'select pg_reload_conf()');
  await until('the standby follows, and commits wait for it', async () => {
    const rows = await queryOnce(primary.url, `select 1 from pg_stat_replication where sync_state = 'sync'`);
    return rows.length === 1;
  });

  // The first server knows an address that follows the primary, the second both machines.
  let port = portOf(primary.url);
  const address = await RoundRobinProxy.start(() => [port]);
  const following = new URL(database.url);
  following.port = String(address.port);
  const engines = await Engines.start(1, following.href);
  engines.members.push(await engines.join(database.url.replace(/(127\.0\.0\.1:)\d+/, `$&,$1${portOf(second.url)}`)));
  await define(engines.at(0).engine, 'w', workflow);
  const load = new JournalLoad(engines);
  load.start('w', 2, 12);
  await until('work is done', () => load.journal.completed.size > 200);

  await primary.crash();
  port = portOf(second.url);
  // While the standby is read-only, it counts as an unavailable database.
  await until('no server is ready', async () => {
    const all = await Promise.all(engines.members.map(({ engine }) => engine.ready()));
    return all.every(({ ready }) => !ready);
  });
  const before = load.journal.completed.size;
  await queryOnce(second.url, 'select pg_promote()');
  const promotedAt = runningTime();
  await until('work goes on', () => load.journal.completed.size > before + 50);
  const awayMs = runningTime() - promotedAt;

  await finishAndCompare(engines, load);
  expect(awayMs).toBeLessThan(scaled(10_000));
  await engines.end();
  await address.end();
});
