import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ServerUnreachableError, type Workflow, WorkflowGraphError } from '@workflow-graph/client';
import { isOpen } from '../states.js';

/** What a look at the run gave: its state, or that the server is away for the moment. */
export type Seen =
  | { readonly kind: 'state'; readonly workflow: Workflow }
  | { readonly kind: 'away'; readonly message: string };

const lookEveryMs = 300;

/** A look at a run of many jobs costs more: of the time, this part at most is spent looking. */
const pausePerLook = 4;

/**
 * Looks at a run until it has ended. A server that goes away is waited for, but must be there at first.
 *
 * @throws what the client throws when the server is away at the first look, or says no
 */
export async function* pollRun(client: Client, runId: string, signal: AbortSignal): AsyncGenerator<Seen, void> {
  for (let isFirst = true; !signal.aborted; ) {
    const startedMs = performance.now();
    try {
      const workflow = await client.status(runId);
      isFirst = false;
      yield { kind: 'state', workflow };
      if (!isOpen(workflow.state)) return;
    } catch (error) {
      if (isFirst || !isTemporary(error)) throw error;
      yield { kind: 'away', message: (error as Error).message };
    }
    const pauseMs = Math.max(lookEveryMs, (performance.now() - startedMs) * pausePerLook);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether the same call may succeed later. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof ServerUnreachableError) return true;
  return error instanceof WorkflowGraphError && (error.status >= 500 || error.status === 429 || error.status === 408);
}
