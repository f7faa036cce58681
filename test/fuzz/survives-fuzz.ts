import { expect } from 'vitest';
import { type ApiDescription, apiDescription } from '../support/api-description.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { fuzzApi } from './fuzz-api.js';

/** At most this many requests reach every operation and every error, whatever the seed. */
const enoughForAll = 20_000;

/**
 * Starts a server with tokens on any database, sends it requests from valid to hostile, and expects: no response that
 * the description does not declare, no reported bug, a job that still runs, and a database without damage.
 */
export async function expectSurvivesFuzz(options: {
  readonly env?: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly requests: number;
  /** The requests must reach every operation and every error; more are sent if these do not. */
  readonly isForReach?: boolean;
}): Promise<void> {
  const { env = {}, seed, requests, isForReach = false } = options;
  console.log(`FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}`);
  const server = await startServerProcess({ env });
  const data = ['--data', server.dataDir];
  const token = async (scope: string) =>
    (await runProgram(['token', 'create', '--name', scope, '--scope', scope, ...data], { env })).stdout.trim();
  const tokens = { admin: await token('admin'), reader: await token('read') };

  const began = performance.now();
  const port = Number(new URL(server.url).port);
  const { operations } = apiDescription();
  const unreached = (seen: ReadonlyMap<string, number>) => unreachedBy(operations, seen);
  const isEnough = (seen: ReadonlyMap<string, number>) => !isForReach || unreached(seen).length === 0;
  const { seen, undeclared, sent } = await fuzzApi({ port, tokens, seed, requests, isEnough, most: enoughForAll });
  console.log(`${sent} requests, ${Math.round(sent / ((performance.now() - began) / 1000))} a second`);
  expect(undeclared.join('\n')).toBe('');
  expect([...seen.keys()].filter((key) => key.endsWith(' 500'))).toEqual([]);
  expect(server.log().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  if (isForReach) expect(unreached(seen)).toEqual([]);

  const api = server.api(tokens.admin);
  const run = await api.start({ name: 'after', jobs: { only: { run: 'x', priority: 1000 } } });
  // The fuzz test has left jobs of the same priority that are older.
  let claim = await api.claimed('after');
  while (claim.job.workflow_id !== run) claim = await api.claimed('after');
  await api.complete(claim);
  expect((await api.ended(run)).state).toBe('success');

  await server.stop();
  const doctor = await runProgram(['doctor', ...data], { env });
  expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
}

/** Operations on objects that random requests do not create: a backfill needs past times of its schedule. */
const beyondReach: ReadonlySet<string> = new Set(['CancelBackfill']);

/** What the requests did not reach: operations that never succeeded, and errors that a caller can cause. */
function unreachedBy(operations: ApiDescription['operations'], seen: ReadonlyMap<string, number>): string[] {
  const unserved = operations.filter(
    ({ id, answers }) =>
      !beyondReach.has(id) && ![...answers.keys()].some((status) => status < 300 && seen.has(`${id} ${status}`)),
  );
  const statuses = new Set([...seen.keys()].map((key) => Number(key.split(' ')[1])));
  const uncaused = [400, 401, 403, 404, 405, 409, 413, 415, 422].filter((status) => !statuses.has(status));
  return [...unserved.map(({ id }) => id), ...uncaused.map(String)];
}
