import type { WaitOptions } from './client-options.js';
import { isTemporary } from './errors.js';
import { sleep } from './sleep.js';
import type { Workflow } from './wire.js';

/** Reads a run until it has ended, also while the server is unavailable. */
export async function waitForEnd(read: () => Promise<Workflow>, options: WaitOptions): Promise<Workflow> {
  const { intervalMs = 500, signal } = options;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const workflow = await read();
      if (workflow.state !== null && workflow.state !== 'queued' && workflow.state !== 'running') return workflow;
    } catch (error) {
      if (!isTemporary(error)) throw error;
    }
    await sleep(intervalMs, signal);
  }
}
