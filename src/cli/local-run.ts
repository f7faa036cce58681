import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '#client';
import { loadConfig } from '../config.js';
import { systemEnvironment } from '../environment/system-environment.js';
import { databaseFile, startServer } from '../server.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { createLog } from '../telemetry/log.js';
import { createToken } from '../tokens.js';
import { LocalWorker, machineLabels } from './local-worker.js';
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
    const token = await makeToken(join(config.dataDir, databaseFile));
    const server = await startServer(config, createLog({ level: 'silent', format: 'json' }));
    stops.push(() => server.stop());
    const { id, text, format, name } = file;
    await server.engine.define({ id, source: 'api', text: Buffer.from(text), format, file: name, anyWorker: true });

    const client = new Client({ serverUrl: server.url, token });
    stops.push(async () => client.close());
    const { jobs } = await client.status(id);
    const asked = jobs.flatMap((job) => job.required_labels).filter((label) => !label.includes('{{'));
    const labels = [...new Set([...machineLabels(), ...asked])];
    const worker = new LocalWorker({ serverUrl: server.url, slots, labels, token, isPrivate: true });
    let isStopping = false;
    stops.push(async () => {
      isStopping = true;
      await worker.stop();
    });
    const broken = worker.ended.then((complaint): never | Promise<never> => {
      if (isStopping) return new Promise<never>(() => {});
      throw new Error(`the worker ended unexpectedly${complaint === '' ? '' : `: ${complaint}`}`);
    });
    broken.catch(() => {});
    return { client, runId: await client.runWorkflow(id, { inputs }), broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeToken(databasePath: string): Promise<string> {
  const store = await openSqliteStore({
    file: databasePath,
    lock: false,
    onFatal(error) {
      throw error;
    },
    onEvent() {},
  });
  try {
    const made = await createToken(store, systemEnvironment(), {
      name: 'local run',
      scopes: ['admin'],
      labels: null,
      onlyLabelled: false,
      expiresAtMs: null,
    });
    return made.token;
  } finally {
    await store.close();
  }
}
