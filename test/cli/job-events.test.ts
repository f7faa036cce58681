import type { Client, Job, JobAttempt, Workflow } from '@workflow-graph/client';
import { expect, test } from 'vitest';
import { JobEvents } from '../../src/cli/watch/job-events.js';

const attempt = (number: number, startedAt: number, endedAt: number | null): JobAttempt => ({
  attempt: number,
  worker_id: 'w',
  started_at_ms: startedAt,
  ended_at_ms: endedAt,
  outcome: endedAt === null ? null : 'failure',
  error: endedAt === null ? null : 'boom',
});

/** The server's response about the attempts of a job. */
function clientWith(attempts: Readonly<Record<string, readonly JobAttempt[]>>): Client {
  const explain = async (_run: string, job: string) => ({ attempts: attempts[job] ?? [] });
  return { explain } as unknown as Client;
}

function run(...jobs: readonly Partial<Job>[]): Workflow {
  const all = jobs.map((job) => ({
    status: 'queued',
    attempt: 0,
    started_at: null,
    ended_at: null,
    output: null,
    ...job,
  }));
  return { jobs: all } as unknown as Workflow;
}

const ended = { status: 'success', worker_id: 'w' } as const;

test('jobs that started and ended between two polls get both lines, in order of time', async () => {
  const events = new JobEvents(clientWith({}), 'r');
  const found = await events.since(
    run(
      { id: 'last', ...ended, started_at: 30, ended_at: 40 },
      { id: 'first', ...ended, started_at: 10, ended_at: 20 },
      { id: 'waits' },
    ),
  );
  expect(found.map(({ jobId, kind }) => `${jobId} ${kind}`)).toEqual([
    'first started',
    'first ended',
    'last started',
    'last ended',
  ]);
  expect(found[0]?.text).toBe('started on w');
  expect(found[1]?.text).toBe('success after 0.0s');
});

test('attempts that were not shown yet are read', async () => {
  const events = new JobEvents(clientWith({ a: [attempt(0, 10, 15), attempt(1, 20, 25), attempt(2, 30, null)] }), 'r');
  const found = await events.since(run({ id: 'a', ...ended, attempt: 2, started_at: 30, ended_at: 40 }));
  expect(found.map(({ text }) => text)).toEqual([
    'started on w',
    'attempt 0 ended: failure after 0.0s: boom',
    'started on w (attempt 1)',
    'attempt 1 ended: failure after 0.0s: boom',
    'started on w (attempt 2)',
    'success (attempt 2) after 0.0s',
  ]);
});

test('each change is found once, whatever the polls see of it', async () => {
  const events = new JobEvents(clientWith({ a: [attempt(0, 10, 15), attempt(1, 20, null)] }), 'r');
  const texts: string[] = [];
  for (const look of [
    { id: 'a' },
    { id: 'a', status: 'running', worker_id: 'w', started_at: 10 },
    { id: 'a', status: 'running', worker_id: 'w', started_at: 10 },
    { id: 'a', status: 'queued', attempt: 1, started_at: 10, output: 'boom', delayed_until_ms: 18 },
    { id: 'a', status: 'running', worker_id: 'w', attempt: 1, started_at: 20 },
    { id: 'a', ...ended, attempt: 1, started_at: 20, ended_at: 25 },
  ] as const) {
    for (const { text } of await events.since(run(look))) texts.push(text);
  }
  expect(texts).toEqual([
    'started on w',
    'waits for attempt 1: boom',
    'started on w (attempt 1)',
    'success (attempt 1) after 0.0s',
  ]);
});
