import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** All SDKs use these names, so that a worker of any language deletes what another left behind. */
const PREFIX = 'workflow-graph-workspace-';
const ALIVE = 'alive';
/** A directory without a pipe is one whose worker is about to make it, or was killed just then. */
const UNFINISHED_MS_MAX = 60 * 60_000;

/** An empty directory for one attempt. */
export interface FreshWorkspace {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes an empty directory below the directory for temporary files.
 *
 * Beside it is a named pipe that this process holds open for reading. While it does, the pipe can be opened for writing. When
 * the process has ended, however it ended, it cannot, on any system and from any container that sees the directory. That
 * is how `sweepWorkspaces` knows what was left behind.
 */
export async function makeFreshWorkspace(): Promise<FreshWorkspace> {
  const directory = await mkdtemp(join(tmpdir(), PREFIX));
  const unready = join(directory, `${ALIVE}.new`);
  await promisify(execFile)('mkfifo', ['-m', '600', unready]);
  const fd = openSync(unready, constants.O_RDONLY | constants.O_NONBLOCK);
  await rename(unready, join(directory, ALIVE));
  const path = join(directory, 'workspace');
  await mkdir(path, { mode: 0o700 });
  return {
    path,
    remove: async () => {
      // The job may have left something that cannot be deleted. Its result does not depend on that.
      await removeDirectory(directory).catch(() => {});
      closeSync(fd);
    },
  };
}

/** Deletes the workspaces of workers that were killed. Those of other users, and what cannot be deleted, stay. */
export async function sweepWorkspaces(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(PREFIX))) {
    const directory = join(tmpdir(), name);
    if (await isLeftBehind(directory)) await removeDirectory(directory).catch(() => {});
  }
}

async function isLeftBehind(directory: string): Promise<boolean> {
  try {
    // Opened by name and closed at once: with a reader it opens, without one the error is ENXIO.
    closeSync(openSync(join(directory, ALIVE), constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO') return true;
    if (code !== 'ENOENT') return false;
    const stats = await stat(directory).catch(() => null);
    return stats !== null && Date.now() - stats.mtimeMs > UNFINISHED_MS_MAX;
  }
}

/** The pipe goes last: what is deleted only in part is deleted by a later sweep. */
async function removeDirectory(directory: string): Promise<void> {
  const workspace = join(directory, 'workspace');
  const remove = () => rm(workspace, { recursive: true, force: true, maxRetries: 2 });
  await remove().catch(async () => {
    // Directories without the right to write, such as those of Go's modules, keep what is in them.
    await promisify(execFile)('chmod', ['-R', 'u+rwX', workspace]);
    await remove();
  });
  await rm(directory, { recursive: true, force: true });
}
