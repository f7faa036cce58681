import { expect, test } from 'vitest';
import { type Stoppable, stopOnSignals } from '../src/worker/signals.js';

interface Told extends Stoppable {
  readonly asked: string[];
}

function stoppable(): Told {
  const asked: string[] = [];
  return {
    asked,
    async stop() {
      asked.push('stop');
    },
    async terminate() {
      asked.push('terminate');
    },
  };
}

test('the first signal drains all workers of the process, the second ends their jobs', () => {
  const [one, other] = [stoppable(), stoppable()];
  const unfollow = [stopOnSignals(one), stopOnSignals(other)];
  try {
    process.emit('SIGTERM', 'SIGTERM');
    expect([one.asked, other.asked]).toEqual([['stop'], ['stop']]);
    process.emit('SIGINT', 'SIGINT');
    expect([one.asked, other.asked]).toEqual([
      ['stop', 'terminate'],
      ['stop', 'terminate'],
    ]);
  } finally {
    for (const end of unfollow) end();
  }
});

test('a hundred workers have one listener, and none is left when they have ended', () => {
  const before = process.listenerCount('SIGTERM');
  const unfollow = Array.from({ length: 100 }, () => stopOnSignals(stoppable()));
  expect(process.listenerCount('SIGTERM')).toBe(before + 1);
  for (const end of unfollow) end();
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

test('a worker that starts after the others have ended begins with the first signal again', () => {
  const first = stoppable();
  const end = stopOnSignals(first);
  process.emit('SIGTERM', 'SIGTERM');
  end();
  const second = stoppable();
  const endSecond = stopOnSignals(second);
  process.emit('SIGTERM', 'SIGTERM');
  endSecond();
  expect([first.asked, second.asked]).toEqual([['stop'], ['stop']]);
});
