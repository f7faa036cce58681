import type { Job, Workflow } from '@workflow-graph/client';
import { describe, expect, test } from 'vitest';
import { JobTree } from '../../src/cli/watch/job-tree.js';
import { composeRun, drawRun, mostTelling, type Scene } from '../../src/cli/watch/live-frame.js';
import { LineSplitter } from '../../src/cli/watch/log-lines.js';

const nowMs = 1_700_000_010_000;

function job(id: string, status: Job['status'], more: Partial<Job> = {}): Job {
  return {
    id,
    name: id,
    status,
    command: '',
    duration_secs: null,
    started_at: status === 'queued' || status === 'skipped' ? null : nowMs - 5_000,
    ended_at: status === 'queued' || status === 'running' ? null : nowMs - 2_000,
    depends_on: [],
    output: null,
    required_labels: [],
    max_retries: 0,
    attempt: 0,
    metadata: null,
    ...more,
  };
}

function draw(jobs: readonly Job[], { rows = 24, ...more }: Partial<Scene> & { readonly rows?: number } = {}) {
  const workflow: Workflow = {
    id: 'run-1',
    name: 'CI',
    trigger: 'push',
    jobs,
    workflow: 'ci',
    run_id: 'run-1',
    state: 'running',
    version: 1,
    created_at_ms: nowMs - 10_000,
    started_at_ms: nowMs - 9_000,
    ended_at_ms: null,
  };
  return drawRun(composeRun(workflow, new JobTree(jobs), rows), {
    nowMs,
    tick: 0,
    columns: 80,
    paint: (_colour, text) => text,
    lastLine: () => '',
    note: null,
    ...more,
  });
}

const texts = (...given: Parameters<typeof draw>) => draw(...given).map(({ text }) => text);

test('a run is drawn with the activity of each job', () => {
  const jobs = [
    job('build', 'success'),
    job('unit', 'running', { depends_on: ['build'], attempt: 2 }),
    job('lint', 'failure', { depends_on: ['build'], output: 'exit code 1\nmore' }),
    job('flaky', 'queued', { depends_on: ['build'], attempt: 1, delayed_until_ms: nowMs + 4_000 }),
    job('gpu', 'queued', { required_labels: ['gpu', 'linux'] }),
    job('deploy', 'queued', { depends_on: ['unit', 'lint', 'gpu'] }),
  ];
  expect(texts(jobs, { lastLine: () => 'test 7 ok', note: 'a note' })).toEqual([
    '⠋ CI  running  9.0s  run run-1',
    '✓ build           3.0s',
    '├─ ⠋ unit         5.0s  attempt 2 · test 7 ok',
    '│  └─ · deploy          waits for unit, gpu',
    '├─ ✗ lint         3.0s  exit code 1',
    '└─ · flaky              attempt 1 in 4.0s',
    '· gpu                   waits for a worker with gpu, linux',
    '2 of 6 jobs ended: 1 success, 1 failure, 1 running, 3 queued',
    'a note',
  ]);
});

test('siblings that wait for the same thing share a row, unless a job hangs under them', () => {
  const shard = (at: number) => job(`shard-${at}`, 'queued', { depends_on: ['build'] });
  const jobs = [
    job('build', 'running'),
    ...[1, 2, 3, 4, 5].map(shard),
    job('report', 'queued', { depends_on: ['shard-2'] }),
    job('gpu-1', 'queued', { required_labels: ['gpu'] }),
    job('gpu-2', 'queued', { required_labels: ['gpu'] }),
  ];
  expect(texts(jobs)).toEqual([
    '⠋ CI  running  9.0s  run run-1',
    '⠋ build           5.0s',
    '├─ · shard-1            waits for build',
    '├─ · shard-2            waits for build',
    '│  └─ · report          waits for shard-2',
    '└─ · 3 jobs             waits for build (shard-3, shard-4, shard-5)',
    '· gpu-1                 waits for a worker with gpu',
    '· gpu-2                 waits for a worker with gpu',
    '0 of 9 jobs ended: 1 running, 8 queued',
  ]);
});

test('no line is wider than the terminal, whatever the names and lines are', () => {
  const jobs = Array.from({ length: 12 }, (_, at) =>
    job(
      `${'日本語🚀'.repeat(at)}j${at}`,
      'running',
      at === 0 ? {} : { depends_on: [`${'日本語🚀'.repeat(at - 1)}j${at - 1}`] },
    ),
  );
  for (const columns of [1, 5, 20, 41, 80]) {
    const lines = draw(jobs, { columns, lastLine: () => '行'.repeat(100) });
    expect(Math.max(...lines.map(({ width }) => width))).toBeLessThanOrEqual(columns);
  }
});

test('a large run shows what runs and what failed, and counts the rest', () => {
  const jobs = Array.from({ length: 1_000 }, (_, at) =>
    job(`j${at}`, at === 500 ? 'running' : at === 700 ? 'failure' : at < 300 ? 'success' : 'queued'),
  );
  const lines = texts(jobs, { rows: 10 });
  expect(lines.length).toBeLessThanOrEqual(9);
  expect(lines.join('\n')).toMatch(/⠋ j500 /);
  expect(lines.join('\n')).toMatch(/✗ j700 /);
  expect(lines.at(-2)).toMatch(/^… and 995 more \(300 success, 695 queued\)$/);
});

test('of the ended jobs the newest are shown, of the waiting ones the next', () => {
  const jobs = [
    job('old', 'success', { ended_at: 1 }),
    job('new', 'success', { ended_at: 2 }),
    job('later', 'queued', { depends_on: ['next'] }),
    job('next', 'queued', { depends_on: ['new'] }),
  ];
  expect(mostTelling(jobs, 2).map(({ id }) => id)).toEqual(['new', 'next']);
});

describe('the tree', () => {
  test('hangs a job under the deepest of its needs', () => {
    const jobs = [
      job('a', 'queued'),
      job('b', 'queued', { depends_on: ['a'] }),
      job('c', 'queued', { depends_on: ['a', 'b'] }),
      job('d', 'queued'),
    ];
    expect(new JobTree(jobs).rows(jobs).map(({ branch, job: { id } }) => branch + id)).toEqual([
      'a',
      '└─ b',
      '   └─ c',
      'd',
    ]);
  });

  test('of selected jobs hangs them under their nearest shown ancestor', () => {
    const jobs = ['a', 'b', 'c', 'd'].map((id, at, all) =>
      job(id, 'queued', at === 0 ? {} : { depends_on: [all[at - 1] ?? ''] }),
    );
    const shown = jobs.filter(({ id }) => id === 'a' || id === 'd');
    expect(new JobTree(jobs).rows(shown).map(({ branch, job: { id } }) => branch + id)).toEqual(['a', '└─ d']);
  });

  test('of a chain of 100,000 jobs is built without deep recursion', () => {
    const jobs = Array.from({ length: 100_000 }, (_, at) =>
      job(`j${at}`, 'queued', at === 0 ? {} : { depends_on: [`j${at - 1}`] }),
    );
    const tree = new JobTree(jobs);
    expect(tree.rows(jobs.slice(0, 50))).toHaveLength(50);
  });
});

describe('lines of a log', () => {
  const chunk = (data: string, stream: 'stdout' | 'stderr' = 'stdout', attempt = 0) => ({
    workflow_id: 'r',
    job_id: 'j',
    sequence: 0,
    data,
    timestamp_ms: 1,
    stream,
    attempt,
  });

  test('are assembled from chunks, each stream separately', () => {
    const splitter = new LineSplitter();
    const lines = [
      ...splitter.push(chunk('one\ntw')),
      ...splitter.push(chunk('err', 'stderr')),
      ...splitter.push(chunk('o\r')),
      ...splitter.push(chunk('\nthree')),
      ...splitter.push(chunk('or\n', 'stderr')),
      ...splitter.end(),
    ];
    expect(lines.map(({ stream, text }) => `${stream} ${text}`)).toEqual([
      'stdout one',
      'stdout two',
      'stderr error',
      'stdout three',
    ]);
  });

  test('also end at a lone carriage return, and escape sequences split over chunks are removed', () => {
    const splitter = new LineSplitter();
    const lines = [...splitter.push(chunk('10%\r20%\r\x1b[3')), ...splitter.push(chunk('1mdone\x1b[0m\n'))];
    expect(lines.map(({ text }) => text)).toEqual(['10%', '20%', 'done']);
  });

  test('without an end are shown in pieces', () => {
    const splitter = new LineSplitter();
    let told = 0;
    for (let at = 0; at < 40; at++)
      for (const { text } of splitter.push(chunk('x'.repeat(10_000)))) told += text.length;
    for (const { text } of splitter.end()) told += text.length;
    expect(told).toBe(400_000);
  });
});
