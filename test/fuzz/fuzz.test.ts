import { test } from 'vitest';
import { expectSurvivesFuzz } from './survives-fuzz.js';

/** More, or the same again: `FUZZ_REQUESTS=1000000 FUZZ_SEED=7 npx vitest run test/fuzz`. */
const requests = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);

test(
  `${requests} requests, from valid to hostile, get no answer that the description does not declare`,
  { timeout: 60_000 + requests * 20 },
  () => expectSurvivesFuzz({ seed, requests }),
);
