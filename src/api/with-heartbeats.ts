/** Passes a stream on, with a heartbeat after each silent interval, so that both ends notice a lost connection. */
export async function* withHeartbeats<T>(
  items: AsyncIterable<T>,
  heartbeat: (last: T | null) => T,
  everyMs: number,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let last: T | null = null;
  try {
    for (let next = iterator.next(); ; ) {
      const item = await within(everyMs, next);
      if (item === 'late') {
        yield heartbeat(last);
        continue;
      }
      if (item.done === true) return;
      last = item.value;
      yield item.value;
      next = iterator.next();
    }
  } finally {
    void iterator.return?.();
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, ms, 'late');
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
