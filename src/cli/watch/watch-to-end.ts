import type { Client, Workflow } from '@workflow-graph/client';
import { exitCodes } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { tellHowToGoOn } from './go-on.js';
import { watchRun } from './watch-run.js';

/**
 * Watches a run on a server until it has ended. Who interrupts is told how to go on, and the process ends; the run does
 * not.
 */
export async function watchToEnd(
  client: Client,
  runId: string,
  flags: { readonly logs?: boolean; readonly json?: boolean },
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
  tellHowToGoOn(runId);
  process.exit(exitCodes.interrupted);
}
