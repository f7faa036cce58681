import { newestEvent } from '../store/statements/events.js';
import { noteWritable } from '../store/statements/writable.js';
import type { EngineContext } from './context.js';
import type { Operation } from './writer.js';

/** How long whoever asks whether the server is ready is kept waiting. */
const readyWithinMs = 1_000;

/** Writes something that nobody reads. */
const tryToWrite: Operation<null, null> = {
  name: 'try-to-write',
  rank: 97,
  keyOf: () => null,
  async apply(batch, inputs) {
    await noteWritable.run(batch.connection, { nowMs: batch.nowMs });
    return inputs.map(() => null);
  },
};

/**
 * Whether the database can be read, and takes changes. Once it has refused one, as on a full disk, each question tries
 * again: who is told that the server is not ready sends no changes, so that nothing else would find that it is.
 */
export function isReadyVerb(context: EngineContext) {
  const { store, writer } = context;
  let trying: Promise<unknown> | null = null;
  return async (): Promise<{ ready: boolean; reason: string }> => {
    try {
      const newest = await soonest(context, newestEvent.run(store.read, {}));
      if (newest === null) return { ready: false, reason: 'the database does not answer' };
    } catch (error) {
      return { ready: false, reason: `the database cannot be read: ${(error as Error).message}` };
    }
    if (writer.refusal === null) return { ready: true, reason: '' };
    trying ??= writer.submit(tryToWrite, null).finally(() => {
      trying = null;
    });
    // Why it failed is the refusal that the writer remembers.
    await soonest(
      context,
      trying.catch(() => {}),
    );
    const { refusal } = writer;
    return refusal === null ? { ready: true, reason: '' } : { ready: false, reason: refusal.message };
  };
}

/** The answer, or null when it takes too long. */
async function soonest<T>({ environment }: Pick<EngineContext, 'environment'>, answer: Promise<T>): Promise<T | null> {
  let cancelTimer = () => {};
  const late = new Promise<null>((resolve) => {
    cancelTimer = environment.after(readyWithinMs, () => resolve(null));
  });
  answer.catch(() => {});
  return Promise.race([answer, late]).finally(() => cancelTimer());
}
