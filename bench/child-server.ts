import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A server in its own process. */
export interface ChildServer {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it printed its address. */
  readonly startMs: number;
  /** Its data folder; empty for one without. */
  readonly dataDir: string;
  stop(): Promise<void>;
  /** Stops it, calls `look` with the data folder, and removes the folder. */
  stopAndLook<T>(look: (dataDir: string) => T): Promise<T>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const programFile = fileURLToPath(new URL('../../bin/workflow-graph.js', import.meta.url));
const noopFile = fileURLToPath(new URL('./noop-server.js', import.meta.url));

/** A folder for a server on the measured disk; removed at the latest when this process exits. */
export function benchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'workflow-graph-bench-'));
  const removeFolder = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeFolder);
  return {
    path,
    remove() {
      removeFolder();
      process.off('exit', removeFolder);
    },
  };
}

/** The workflow server as shipped, on `<folder>/data`, without tokens. */
export function serveFolder(folder: string, env: Record<string, string> = {}) {
  const nodeFlags = process.env.BENCH_SERVER_NODE_FLAGS?.split(' ') ?? [];
  const [data, workflows] = [join(folder, 'data'), join(folder, 'workflows')];
  return start([...nodeFlags, programFile, 'serve', '--port', '0', '--data', data, '--workflows', workflows], {
    LOG_FORMAT: 'json',
    ...env,
  });
}

/** The same on an empty data folder, or on the given database. */
export async function startServer(databaseUrl: string | null = null): Promise<ChildServer> {
  const folder = benchFolder();
  const server = await serveFolder(folder.path, databaseUrl === null ? {} : { DATABASE_URL: databaseUrl });
  const dataDir = join(folder.path, 'data');
  const stopAndLook = async <T>(look: (dataDir: string) => T): Promise<T> => {
    await server.stop();
    try {
      return look(dataDir);
    } finally {
      folder.remove();
    }
  };
  return { ...server, dataDir, stop: () => stopAndLook(() => {}), stopAndLook };
}

/** The no-op server for comparison. */
export async function startNoopServer(): Promise<ChildServer> {
  const server = await start([noopFile], {});
  return {
    ...server,
    dataDir: '',
    async stopAndLook(look) {
      await server.stop();
      return look('');
    },
  };
}

async function start(args: readonly string[], env: Record<string, string>) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
  });
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  const url = await announcedUrl(child);
  const startMs = performance.now() - startedAt;
  if (child.pid === undefined) throw new Error('a server without a process id');
  return {
    url,
    pid: child.pid,
    startMs,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The first URL that the process prints. Later output is read and discarded, so that it never blocks. */
function announcedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (text: string) => {
      if (printed.length > 100_000) return;
      printed += text;
      const url = /http:\/\/[0-9.]+:\d+/.exec(printed)?.[0];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}:\n${printed}`)));
  });
}
