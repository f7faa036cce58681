import { version } from '../version.js';
import { endWithReader } from './print.js';
import { exitAsDocumented } from './usage-errors.js';
import { workerCommand } from './worker.js';

/** `node worker.mjs`: the worker that a server hands out as one file (scripts/build-worker.js). */
export async function runWorkerFile(): Promise<void> {
  endWithReader();
  const command = workerCommand().name('worker.mjs').version(version, '-V, --version', 'print the version');
  exitAsDocumented(command);
  await command.parseAsync(process.argv);
}
