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
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const timer = setInterval(() => {
    Promise.resolve()
      .then(() => admit(context))
      .catch(refused.reject);
  }, askEveryMs);
  timer.unref();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), refused.promise]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    void iterator.return?.();
  }
}
