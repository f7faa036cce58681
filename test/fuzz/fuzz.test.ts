import { test } from 'vitest';
import { scaled, sized } from '../support/machine.js';
import { expectSurvivesFuzz } from './survives-fuzz.js';

/** For more requests, or to repeat a run: `FUZZ_REQUESTS=1000000 FUZZ_SEED=7 npx vitest run test/fuzz`. */
const requests = sized({ of: 'fuzz requests', asked: process.env.FUZZ_REQUESTS, full: 20_000, floor: 6_000 });
const seed = Number(process.env.FUZZ_SEED ?? 1);

test(
  `${requests} requests, from valid to hostile, get only responses that the description declares`,
  { timeout: scaled(60_000 + requests * 20) },
  () => expectSurvivesFuzz({ seed, requests, isForReach: process.env.FUZZ_REQUESTS === undefined }),
);
