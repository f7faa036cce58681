import type { Client, Workflow } from '#client';
import { exitCodes } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { printHowToResume } from './print-how-to-resume.js';
import { watchRun } from './watch-run.js';

/**
 * Watches a run on a server until it has ended. A signal ends the process, but not the run, and prints how to resume.
 */
export async function watchToEnd(
  client: Client,
  runId: string,
  flags: { readonly logs?: boolean; readonly json?: boolean; readonly server?: string },
): Promise<Workflow> {
  const stop = new AbortController();
  const release = onInterrupt(() => stop.abort());
  const ended = await watchRun({
    client,
    runId,
    signal: stop.signal,
    note: () => null,
    logs: flags.logs ?? null,
    quiet: flags.json === true,
  }).finally(release);
  if (ended !== null) return ended;
  printHowToResume(runId, serverFlag(flags.server));
  process.exit(exitCodes.interrupted);
}

/** The options with which a printed command reaches the same server from another terminal. */
export function serverFlag(server: string | undefined): string {
  return server === undefined || server === 'http://localhost:3000' ? '' : ` --server ${server}`;
}
