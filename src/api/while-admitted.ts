import type { Message } from '@bufbuild/protobuf';
import type { CallContext } from './procedure.js';

/** How often an open stream is asked whether its caller may still have it. */
const askEveryMs = 1_000;

/**
 * Passes a stream on while its caller is admitted: a token that expires or is revoked ends the stream with the refusal
 * that a new call would get.
 */
export async function* whileAdmitted(
  items: AsyncIterable<Message>,
  context: CallContext,
  admit: (context: CallContext) => unknown,
): AsyncGenerator<Message> {
  const iterator = items[Symbol.asyncIterator]();
  let refusal: { readonly error: unknown } | null = null;
  let onRefused: (error: unknown) => void = () => {};
  const timer = setInterval(() => {
    Promise.resolve()
      .then(() => admit(context))
      .catch((error: unknown) => {
        refusal ??= { error };
        onRefused(error);
      });
  }, askEveryMs);
  timer.unref();

  // Not a race with one promise of the refusal: that would hold every message until the stream ends.
  function nextItem(): Promise<IteratorResult<Message>> {
    return new Promise((resolve, reject) => {
      onRefused = reject;
      iterator.next().then(resolve, reject);
    });
  }

  try {
    for (;;) {
      if (refusal !== null) throw (refusal as { error: unknown }).error;
      const next = await nextItem();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    void iterator.return?.();
  }
}
