import { newestEvent } from '../../store/statements/events.js';
import { noteWritable } from '../../store/statements/writable.js';
import type { EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';

/** Timeout of a readiness check. */
const readyWithinMs = 1_000;

/** Writes something that nothing reads. */
const tryToWrite: Operation<null, null> = {
  name: 'try-to-write',
  keyOf: () => null,
  async apply(batch, inputs) {
    await noteWritable.run(batch.connection, { nowMs: batch.nowMs });
    return inputs.map(() => null);
  },
};

/**
 * Whether the database can be read and takes changes. After a refused change, for example on a full disk, each check
 * tries another one: a server that is not ready gets no calls, so nothing else would notice that it is ready again.
 *
 * The check needs no token, so the reason names neither files nor hosts; the log has the error.
 */
export function isReadyVerb(context: EngineContext) {
  const { store, writer, log } = context;
  let trying: Promise<unknown> | null = null;
  return async (): Promise<{ ready: boolean; reason: string }> => {
    try {
      const newest = await orTimeout(context, newestEvent.run(store.read, {}));
      if (newest === null) return { ready: false, reason: 'the database does not answer' };
    } catch (error) {
      log.warn({ err: error }, 'not ready: the database cannot be read');
      return { ready: false, reason: 'the database cannot be read; the log of the server says why' };
    }
    if (writer.refusal === null) return { ready: true, reason: '' };
    trying ??= writer.submit(tryToWrite, null).finally(() => {
      trying = null;
    });
    // On failure the writer remembers the refusal, which says why.
    await orTimeout(
      context,
      trying.catch(() => {}),
    );
    const { refusal } = writer;
    if (refusal === null) return { ready: true, reason: '' };
    const why = /\bdisk is full\b/.test(refusal.message) ? ': the disk is full' : '; the log of the server says why';
    return { ready: false, reason: `the database takes no changes${why}` };
  };
}

/** The answer, or null on a timeout. */
async function orTimeout<T>(
  { environment }: Pick<EngineContext, 'environment'>,
  answer: Promise<T>,
): Promise<T | null> {
  let cancelTimer = () => {};
  const late = new Promise<null>((resolve) => {
    cancelTimer = environment.after(readyWithinMs, () => resolve(null));
  });
  answer.catch(() => {});
  return Promise.race([answer, late]).finally(() => cancelTimer());
}
