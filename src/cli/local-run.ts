import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, shellExecutor, Worker } from '#client';
import { loadConfig } from '../config.js';
import type { Environment } from '../environment/environment.js';
import { startServer } from '../server.js';
import type { Store } from '../store/store.js';
import { createLog } from '../telemetry/log.js';
import { createToken } from '../tokens.js';
import { guardJobs } from './job-guard.js';
import { machineLabels } from './local-worker.js';
import type { WorkflowFile } from './workflow-file.js';

/** A run in this process: a server with a temporary database, and one private worker. */
export interface LocalRun {
  readonly client: Client;
  readonly runId: string;
  /** Rejects when the worker ends before it is stopped; never resolves. */
  readonly broken: Promise<never>;
  /** Ends the worker and the server, and deletes the database. */
  stop(): Promise<void>;
}

/**
 * Starts a workflow file on this machine. The worker has the labels of the machine and those that the jobs require:
 * running a file on a machine means that the machine will do.
 *
 * The server needs a token, because other users of this machine can reach its port and could run commands as this user.
 */
export async function startLocalRun(
  file: WorkflowFile,
  { inputs, slots }: { readonly inputs: Readonly<Record<string, unknown>>; readonly slots: number },
): Promise<LocalRun> {
  const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-run-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
    removeFolder();
    process.off('exit', removeFolder);
  };
  try {
    const config = loadConfig(
      {},
      { port: '0', dataDir: join(folder, 'data'), workflowsDir: join(folder, 'workflows'), shutdownTimeoutSecs: '1' },
    );
    let token = '';
    const server = await startServer(config, createLog({ level: 'silent', format: 'json' }), {
      jsonOnly: true,
      async storeOpened(store, environment) {
        token = await makeToken(store, environment);
      },
    });
    stops.push(() => server.stop());
    const { id, text, format, name } = file;
    await server.engine.define({ id, source: 'api', text: Buffer.from(text), format, file: name, anyWorker: true });

    const client = new Client({ serverUrl: server.url, token });
    stops.push(async () => client.close());
    const { jobs } = await client.status(id);
    const asked = jobs.flatMap((job) => job.required_labels).filter((label) => !label.includes('{{'));
    const labels = [...new Set([...machineLabels(), ...asked])];
    const workerId = `${hostname().slice(0, 100)}-${randomBytes(4).toString('hex')}`;
    const guard = guardJobs(workerId);
    stops.push(async () => guard.release());
    const worker = new Worker({
      serverUrl: server.url,
      token,
      workerId,
      labels,
      slots,
      executor: shellExecutor({
        secrets: [token],
        passEnv: namesIn(process.env.WORKER_PASS_ENV),
        onGroup: (groupId, change) => guard.note(groupId, change),
      }),
      // Shell jobs do not block this process, and a server that is blocked expires no lease. Plain HTTP needs less code than
      // gRPC; it notices a cancellation at the next renewal.
      transport: 'http',
      heartbeatThread: false,
      heartbeatIntervalMs: 300,
      software: null,
      logger: () => {},
    });
    const working = worker.run();
    let isStopping = false;
    stops.push(async () => {
      isStopping = true;
      await worker.stop();
    });
    const broken = working.then(
      () => workerEnded('', () => isStopping),
      (error: unknown) => workerEnded(`: ${(error as Error).message}`, () => isStopping),
    );
    broken.catch(() => {});
    return { client, runId: await client.runWorkflow(id, { inputs }), broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An end of the worker that nobody asked for is an error. */
function workerEnded(reason: string, isStopping: () => boolean): Promise<never> {
  if (isStopping()) return new Promise<never>(() => {});
  return Promise.reject(new Error(`the worker ended unexpectedly${reason}`));
}

async function makeToken(store: Store, environment: Environment): Promise<string> {
  const { token } = await createToken(store, environment, {
    name: 'local run',
    scopes: ['admin'],
    labels: null,
    onlyLabelled: false,
    expiresAtMs: null,
  });
  return token;
}

function namesIn(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
