import { ApiError } from './errors.js';

/** How long a reader may leave a message unread. A sleeping page or a debugger resumes within this time. */
const untakenMsMax = 60_000;

/**
 * Passes a stream on while its reader reads it.
 *
 * A stream is read no faster than its reader is, so a slow reader costs one message and the connection's buffers. A
 * reader that stops reading but stays connected would cost these, and its subscriptions, for ever. So its stream is
 * cut, with an error that says where to resume.
 */
export async function* endWhenUnread<T>(
  items: AsyncIterable<T>,
  resumeAfter: (item: T) => string | null,
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
        const where = position === null ? '' : ` after ${position}`;
        const message = `nothing was read for ${untakenMs / 1000} s: open the stream again${where}`;
        // The code after which every client reconnects by itself.
        throw new ApiError('unavailable', message);
      }
    }
  } finally {
    if (!isCut) void iterator.return?.();
  }
}
