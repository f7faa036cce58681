import type { Workflow } from '#client';
import { serverFlag } from './watch-to-end.js';

/** Prints how to re-run the unsuccessful jobs of a run on a server; nothing when all succeeded. */
export function printHowToRerun({ run_id, state }: Workflow, server: string | undefined): void {
  if (run_id === null || (state !== 'failure' && state !== 'cancelled')) return;
  process.stderr.write(
    `Run what did not succeed again:  workflow-graph rerun ${run_id} --failed${serverFlag(server)}\n`,
  );
}
