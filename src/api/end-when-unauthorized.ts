import type { Message } from '@bufbuild/protobuf';
import type { Call } from './procedure.js';

/**
 * Passes a stream on while its caller is authorized. When the token expires or is revoked, the stream ends with the
 * error that a new call would get.
 */
export async function* endWhenUnauthorized(
  items: AsyncIterable<Message>,
  { recheck, onDoubt }: Pick<Call, 'recheck' | 'onDoubt'>,
): AsyncGenerator<Message> {
  const iterator = items[Symbol.asyncIterator]();
  let refusal: { readonly error: unknown } | null = null;
  let onRefused: (error: unknown) => void = () => {};
  const stopAsking = onDoubt(() => {
    recheck().catch((error: unknown) => {
      refusal ??= { error };
      onRefused(error);
    });
  });

  // Not a race with one promise of the refusal: that promise would retain every message until the stream ends.
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
    stopAsking();
    void iterator.return?.();
  }
}
