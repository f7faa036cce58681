import { ApiError } from './errors.js';

/** How long a reader may leave a message untaken. Within this a page that sleeps, or a debugger, has come back. */
const untakenMsMax = 60_000;

/**
 * Passes a stream on while its reader takes it.
 *
 * A stream is read no faster than its reader is, so that a slow one costs one message and what the connection holds. One
 * that takes nothing any more, and whose connection stands, would cost that for ever, and what watches for news on its
 * behalf: so it is cut, and told where to resume when it reads on.
 */
export async function* whileRead<T>(
  items: AsyncIterable<T>,
  resumeAfter: (item: T) => string,
  untakenMs = untakenMsMax,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let isCut = false;
  const cut = () => {
    isCut = true;
    void iterator.return?.();
  };
  try {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      const position = resumeAfter(next.value);
      const timer = setTimeout(cut, untakenMs);
      try {
        yield next.value;
      } finally {
        clearTimeout(timer);
      }
      if (isCut) {
        const message = `nothing was read for ${untakenMs / 1000} s: open the stream again after ${position}`;
        // The code at which every client comes back by itself.
        throw new ApiError('unavailable', message);
      }
    }
  } finally {
    if (!isCut) void iterator.return?.();
  }
}
