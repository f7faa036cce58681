import { expect, it } from 'vitest';
import { DefinitionThreads } from '../../src/engine/definitions/definition-threads.js';

const task = { text: Buffer.from('jobs: { a: { run: x } }'), format: 'yaml', file: 'a.yml' } as const;
/** Takes a while, so that its check is still in progress when the test continues. */
const largeTask = {
  text: Buffer.from(`jobs:\n${Array.from({ length: 20_000 }, (_, at) => `  j${at}: { run: x }\n`).join('')}`),
  format: 'yaml',
  file: 'large.yml',
} as const;

it('checks two at once; the others are queued and all are answered', async () => {
  const threads = new DefinitionThreads();
  const answers = Array.from({ length: 5 }, () => threads.check(task));
  expect([threads.running, threads.waiting]).toEqual([2, 3]);
  expect((await Promise.all(answers)).map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
  expect([threads.running, threads.waiting]).toEqual([0, 0]);
});

it('stops the thread of a caller that has disconnected, and starts the next check', async () => {
  const threads = new DefinitionThreads();
  const gone = [new AbortController(), new AbortController()];
  const cancelled = gone.map(({ signal }) => threads.check(largeTask, signal).catch((error: Error) => error.message));
  const next = threads.check(task);
  for (const controller of gone) controller.abort();
  expect((await next).ok).toBe(true);
  for (const message of await Promise.all(cancelled)) expect(message).toContain('cancelled');
  expect([threads.running, threads.waiting]).toEqual([0, 0]);
});

it('removes a disconnected caller from the queue', async () => {
  const threads = new DefinitionThreads();
  const running = [threads.check(task), threads.check(task)];
  const gone = new AbortController();
  const waiting = threads.check(task, gone.signal);
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(threads.waiting).toBe(0);
  await expect(threads.check(task, gone.signal)).rejects.toMatchObject({ code: 'unavailable' });
  await Promise.all(running);
  expect(threads.running).toBe(0);
});

it('refuses callers beyond the size of the queue', async () => {
  const threads = new DefinitionThreads();
  const gone = new AbortController();
  const answers = Array.from({ length: 34 }, () => threads.check(task, gone.signal).catch(() => null));
  await expect(threads.check(task)).rejects.toMatchObject({ code: 'unavailable' });
  gone.abort();
  await Promise.all(answers);
  expect([threads.running, threads.waiting]).toEqual([0, 0]);
});
