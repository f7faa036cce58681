import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.js';
import { blockOf, documentedWorkers } from './documented-workers.js';
import type { Outcome } from './play.js';
import type { Scenario } from './scenario.js';
import type { Server } from './server.js';
import { ServerApi } from './server-api.js';
import type { ServerShelf } from './server-shelf.js';
import { until } from './until.js';

/** A row of the table next to the scenarios, played in its own way. */
export const documentedScenario: Scenario = {
  name: 'as-the-documentation-prints-it',
  promise: 'The worker that docs/clients.md prints for the language works as printed.',
  executor: 'function',
  jobs: {},
  script: [],
};

/** Enough time for a build. */
const workerMs = 5 * 60_000;

/** How long a worker without a job may take to unregister and exit on a busy machine. */
const endMs = 60_000;

/** Whether docs/clients.md prints a worker of that client. */
export function isDocumented(client: string): boolean {
  return documentedWorkers.some((worker) => worker.client === client);
}

/** Runs the worker that docs/clients.md prints for the client, as printed. */
export async function playDocumented(client: string, root: string, servers: ServerShelf): Promise<Outcome> {
  const begun = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'documented-worker-'));
  const server = servers.take();
  let worker: Child | null = null;
  const runs: string[] = [];
  try {
    const plan = documentedWorkers.find((each) => each.client === client);
    if (plan === undefined) throw new Error(`docs/clients.md prints no worker for ${client}`);
    const code = blockOf(readFileSync(join(root, 'docs/clients.md'), 'utf8'), plan.language);
    const command = plan.prepare(code, folder, root);
    if (!server.isRunning) await server.start();
    // The signals of a supervisor and of a closing terminal.
    for (const signal of plan.endsBySignal ? (['SIGTERM', 'SIGHUP'] as const) : [null]) {
      worker = new Child('/bin/sh', ['-c', command], {
        cwd: folder,
        env: { ...process.env, SERVER_URL: server.url },
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      await checkWork(server, worker, runs);
      if (signal !== null) await checkEnd(worker, signal);
    }
    return { result: 'passed', ms: performance.now() - begun, report: '' };
  } catch (error) {
    const report = `${error instanceof Error ? error.message : error}\n${worker?.stderr.slice(-2_000) ?? ''}\n`;
    return { result: 'failed', ms: performance.now() - begun, report };
  } finally {
    worker?.signal('SIGKILL');
    await worker?.ended;
    await servers.takeBack(server, runs);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function checkWork(server: Server, worker: Child, runs: string[]): Promise<void> {
  const api = new ServerApi(
    () => server.url,
    () => null,
  );
  // The shell's worker runs the command; the others run their function. All must produce the same output.
  const run = 'echo building build; echo ::set-output artifact=s3://bucket/build.tar.gz';
  const workflow = await api.define({ name: 'docs', on: 'docs', jobs: { build: { run, labels: ['docs'] } } });
  const id = await api.run(workflow, {});
  runs.push(id);
  const ended = await until(
    'the documented worker has done its job',
    async () => {
      if (!worker.isRunning) throw new Error('the documented worker has exited');
      const status = await api.status(id);
      return status.state === 'success' || status.state === 'failure' ? status : null;
    },
    { withinMs: workerMs },
  );
  const [job] = ended.jobs;
  if (job?.outputs.artifact !== 's3://bucket/build.tar.gz') throw new Error(`its job ended as ${JSON.stringify(job)}`);
  const log = (await api.log(id, 'build')).map(({ data }) => data).join('');
  if (!log.startsWith('building build\n')) throw new Error(`its log is ${JSON.stringify(log)}`);
}

/** The worker must handle the signal and exit normally instead of being killed by it. */
async function checkEnd(worker: Child, signal: NodeJS.Signals): Promise<void> {
  worker.signal(signal);
  await worker.endWithin(endMs);
  const status = await worker.ended;
  if (status !== 0) throw new Error(`after ${signal} the documented worker exited with ${status}, not 0`);
}
