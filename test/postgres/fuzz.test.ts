import { afterAll, beforeAll, test } from 'vitest';
import { expectSurvivesFuzz } from '../fuzz/survives-fuzz.js';
import { scaled, sized } from '../support/machine.js';
import { Cluster } from '../support/postgres/cluster.js';

const requests = sized({
  of: 'fuzz requests on PostgreSQL',
  asked: process.env.FUZZ_REQUESTS,
  full: 3_000,
  floor: 1_000,
});
const seed = Number(process.env.FUZZ_SEED ?? 1);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.end());

test(
  `${requests} requests, from valid to hostile, find no more on PostgreSQL than on SQLite`,
  { timeout: scaled(60_000 + requests * 20) },
  () => expectSurvivesFuzz({ env: { DATABASE_URL: cluster.url }, seed, requests }),
);
