import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ServerUnreachableError, type Workflow, WorkflowGraphError } from '#client';
import { isOpen } from '../states.js';
import { MatrixChildren, noChildren, type WithChildren } from './matrix-children.js';

/** The result of one poll: the state of the run, or that the server does not answer at present. */
export type Seen =
  | { readonly kind: 'state'; readonly workflow: Workflow; readonly matrices: WithChildren }
  | { readonly kind: 'away'; readonly message: string };

const lookEveryMs = 300;

/** Ratio of the pause after a poll to the time of the poll, because a run of many jobs costs more. */
const pausePerLook = 4;

/**
 * Polls a run until it has ended. It waits for a server that becomes unavailable, but not for the first answer.
 *
 * @throws the error of the client when the first poll gets no answer, or when the server refuses
 */
export async function* pollRun(
  client: Client,
  runId: string,
  signal: AbortSignal,
  { withChildren = true }: { readonly withChildren?: boolean } = {},
): AsyncGenerator<Seen, void> {
  const children = new MatrixChildren(client, runId);
  for (let isFirst = true; !signal.aborted; ) {
    const startedMs = performance.now();
    try {
      const workflow = await client.status(runId);
      const matrices = withChildren ? await children.read(workflow) : noChildren;
      isFirst = false;
      yield { kind: 'state', workflow, matrices };
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
