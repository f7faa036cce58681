import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../src/domain/condition/parse-condition.js';
import { explainJob } from '../../src/domain/why.js';
import type { AttemptFact, NeedFact, WhyFacts, WorkerFact } from '../../src/domain/why-facts.js';
import { sentenceOf, span } from '../../src/domain/why-sentence.js';

const nowMs = 1_000_000;

type JobFact = WhyFacts['job'];

function facts(job: Partial<JobFact>, more: Partial<Omit<WhyFacts, 'job'>> = {}): WhyFacts {
  return {
    nowMs,
    job: {
      state: 'waiting',
      attempt: 0,
      conditional: 0,
      enqueuedAtMs: nowMs - 5_000,
      delayedUntilMs: null,
      endedAtMs: null,
      maxRetries: 0,
      retryOn: null,
      error: null,
      isTolerated: false,
      budgetFrom: 0,
      requiredLabels: [],
      children: null,
      failedChild: null,
      ...job,
    },
    condition: null,
    inputs: {},
    run: { id: 'r', workflow: 'w', trigger: 'api', scheduled_at: null },
    vars: new Map(),
    cancel: null,
    heldAt: null,
    needs: [],
    rerun: null,
    origins: [],
    attempts: [],
    workers: [],
    pausedLabel: null,
    ahead: null,
    ...more,
  };
}

const need = (jobKey: string, state: NeedFact['state'], outputs = {}): NeedFact => ({
  jobKey,
  state,
  outputs,
  isTolerated: false,
  isHeld: false,
});

const worker = (workerId: string, labels: string[], more: Partial<WorkerFact> = {}): WorkerFact => ({
  workerId,
  labels,
  onlyLabelled: false,
  isLive: true,
  isFree: true,
  freeSlots: 1,
  seenAtMs: nowMs,
  drain: null,
  ...more,
});

const attempt = (number: number, more: Partial<AttemptFact> = {}): AttemptFact => ({
  number,
  workerId: 'w1',
  claimedAtMs: nowMs - 60_000,
  endedAtMs: nowMs - 30_000,
  outcome: 'failure',
  error: 'exit code 1\nmore',
  expiresAtMs: nowMs + 20_000,
  timeoutAtMs: null,
  logMissingBytes: null,
  exitCode: null,
  logBytes: 0,
  stop: null,
  ...more,
});

/** The reasons' codes and sentences. */
function told(given: WhyFacts): string[] {
  return explainJob(given).map((reason) => `${reason.code}: ${sentenceOf(reason, nowMs)}`);
}

describe('a job that waits', () => {
  test('names the needs that are open, and how they are', () => {
    const needs = [need('a', 'success'), need('b', 'running'), need('c', 'delayed')];
    expect(told(facts({}, { needs }))).toEqual([
      'needs_open: It waits for 2 of the 3 jobs that it needs: "b" is running, "c" waits for a retry.',
    ]);
  });

  test('names at most a hundred needs and counts all', () => {
    const needs = Array.from({ length: 150 }, (_, at) => need(`n${at}`, 'queued'));
    const [reason] = explainJob(facts({}, { needs }));
    expect(reason).toMatchObject({ code: 'needs_open', open: 150, total: 150 });
    expect(reason?.code === 'needs_open' && reason.needs.length).toBe(100);
    expect(told(facts({}, { needs }))[0]).toContain('"n4" waits for a worker and 145 more.');
  });

  test('is about to be decided when all needs have ended', () => {
    expect(told(facts({}, { needs: [need('a', 'failure')] }))).toEqual([
      'being_decided: Every job that it needs has ended, and the server is about to decide on it.',
    ]);
  });

  test('reports the end of its retry delay, and the failure before it', () => {
    const job = { state: 'delayed', attempt: 1, delayedUntilMs: nowMs + 8_000, maxRetries: 2 } as const;
    expect(told(facts(job, { attempts: [attempt(0)] }))).toEqual([
      'delayed: Attempt 0 failed (exit code 1); the next is delayed for 8 s.',
    ]);
  });
});

describe('a claimable job', () => {
  const queued = { state: 'queued', requiredLabels: ['gpu', 'linux'] } as const;

  test.each<[string, WorkerFact[], string]>([
    ['no worker at all', [], 'There is no live worker.'],
    [
      'a label that nobody has, and who comes nearest',
      [worker('far', ['mac']), worker('near', ['linux', 'x64']), worker('bare', [])],
      'No live worker has the label "gpu". Nearest: "near", which lacks "gpu".',
    ],
    [
      'labels that nobody has together',
      [worker('a', ['gpu']), worker('b', ['linux'])],
      'No live worker has all of the labels "gpu", "linux". Nearest: "a", which lacks "linux"; "b", which lacks "gpu".',
    ],
    [
      'that a worker with the labels is offline',
      [worker('gone', ['gpu', 'linux'], { isLive: false, seenAtMs: nowMs - 600_000 }), worker('b', ['linux'])],
      'No live worker has the label "gpu". Nearest: "b", which lacks "gpu". With the labels, but offline: "gone", last heartbeat 10 min ago.',
    ],
  ])('reports %s', (_what, workers, sentence) => {
    expect(told(facts(queued, { workers, ahead: { count: 0, isBound: false } }))).toEqual([
      `no_matching_worker: ${sentence}`,
    ]);
  });

  test.each<[string, WorkerFact[], WhyFacts['ahead'], string]>([
    [
      'that all matching workers are busy, and how many jobs come before it',
      [worker('a', ['gpu', 'linux'], { isFree: false }), worker('b', ['gpu', 'linux', 'x'], { isFree: false })],
      { count: 7, isBound: false },
      'all 2 matching workers are busy, and 7 jobs with the same labels come before it',
    ],
    [
      'that there are more before it than are counted',
      [worker('a', ['gpu', 'linux'], { isFree: false })],
      { count: 1_000, isBound: true },
      'the one matching worker is busy, and more than 1000 jobs with the same labels come before it',
    ],
    [
      'that a worker is free and it is the next',
      [worker('a', ['gpu', 'linux'])],
      { count: 0, isBound: false },
      '1 of 1 matching worker has a free slot, and it is the next of its kind',
    ],
  ])('tells %s', (_what, workers, ahead, sentence) => {
    expect(told(facts(queued, { workers, ahead }))).toEqual([
      `waits_for_worker: It has been claimable for 5 s: ${sentence}.`,
    ]);
  });
});

test('a running job reports its worker, its start, and the time left of lease and timeout', () => {
  const live = attempt(0, { outcome: null, endedAtMs: null, error: null, timeoutAtMs: nowMs + 90_000 });
  expect(told(facts({ state: 'running' }, { attempts: [live] }))).toEqual([
    'running: Worker "w1" has run attempt 0 for 1 min; its lease lasts another 20 s unless renewed, and it times out in 1 min 30 s.',
  ]);
});

describe('a failed job', () => {
  test.each<[string, Partial<JobFact>, Partial<AttemptFact>, string]>([
    ['no retries', {}, {}, 'failed (exit code 1); it has no retries'],
    ['used-up retries', { attempt: 2, maxRetries: 2 }, {}, 'failed (exit code 1); its 2 retries are used up'],
    [
      'a permanent failure',
      { maxRetries: 2 },
      {},
      'failed (exit code 1); the worker reported that another try would not help',
    ],
    [
      'a lost worker',
      {},
      { outcome: 'lease_expired', error: 'lease expired' },
      'was lost (lease expired); it has no retries',
    ],
    ['a timeout', {}, { outcome: 'timed_out', error: null }, 'timed out; it has no retries'],
  ])('reports %s', (_what, job, last, sentence) => {
    const number = job.attempt ?? 0;
    const [first] = told(facts({ state: 'failure', ...job }, { attempts: [attempt(number, last)] }));
    expect(first).toBe(`failed: Attempt ${number} on worker "w1" ${sentence}.`);
  });

  test('and a succeeded one report earlier attempts', () => {
    const attempts = [
      attempt(0, { outcome: 'timed_out', error: 'timed out after 5 s' }),
      attempt(1, { outcome: 'success', error: null }),
    ];
    expect(told(facts({ state: 'success', attempt: 1, maxRetries: 3 }, { attempts }))).toEqual([
      'succeeded: Attempt 1 succeeded on worker "w1" in 30 s.',
      'retried: It was tried once before (3 retries allowed); attempt 0 on worker "w1" timed out after 5 s.',
    ]);
  });
});

describe('a skipped job', () => {
  test('without a condition names the needs that did not succeed, and where it began', () => {
    const more = {
      needs: [need('a', 'success'), need('b', 'skipped')],
      origins: [{ jobKey: 'root', state: 'failure' }],
    } as const;
    expect(told(facts({ state: 'skipped' }, more))).toEqual([
      'needs_unsuccessful: It was skipped because a job that it needs did not succeed: "b" was skipped. It began with "root" failed.',
    ]);
  });

  test('with a condition shows each value that it was decided on', () => {
    const condition = parseCondition("needs.build.outputs.v == '2' && inputs.target == 'prod'");
    const more = { condition, needs: [need('build', 'success', { v: '2' })], inputs: {} };
    const [reason] = explainJob(facts({ state: 'skipped', conditional: 1 }, more));
    expect(reason).toEqual({
      code: 'condition_false',
      condition: condition.source,
      values: [
        { text: 'success()', value: true },
        { text: 'needs.build.outputs.v', value: '2' },
        { text: 'inputs.target', value: null },
      ],
      needs: [],
    });
    expect(told(facts({ state: 'skipped', conditional: 1 }, more))[0]).toContain(
      'is false: success() is true, needs.build.outputs.v is "2", inputs.target is null.',
    );
  });

  test('counts a cancel only when it came before the decision', () => {
    const condition = parseCondition('cancelled() && failure()');
    const of = (cancelledAtMs: number) => {
      const given = facts(
        { state: 'skipped', conditional: 2, endedAtMs: nowMs - 1_000 },
        {
          condition,
          needs: [need('a', 'success')],
          cancel: { atMs: cancelledAtMs, by: null, supersededBy: null, isTimeout: false },
        },
      );
      const [reason] = explainJob(given);
      return reason?.code === 'condition_false' ? reason.values[0] : null;
    };
    expect(of(nowMs - 2_000)).toEqual({ text: 'cancelled()', value: true });
    expect(of(nowMs)).toEqual({ text: 'cancelled()', value: false });
  });
});

test('a cancelled job reports when, by which token, and the stopped attempt', () => {
  const cancel = { atMs: nowMs - 3_000, by: 'laptop', supersededBy: null, isTimeout: false };
  const stopped = attempt(0, { outcome: 'cancelled', error: null });
  expect(told(facts({ state: 'cancelled' }, { cancel, attempts: [stopped] }))).toEqual([
    'cancelled: Its run was cancelled by token "laptop" 3 s ago; attempt 0 was stopped on worker "w1".',
  ]);
  expect(told(facts({ state: 'cancelled' }, { cancel: { ...cancel, by: null } }))).toEqual([
    'cancelled: Its run was cancelled 3 s ago; it had not started.',
  ]);
  expect(told(facts({ state: 'cancelled', endedAtMs: nowMs - 2_000 }, { attempts: [stopped] }))).toEqual([
    'cancelled: It made way for a re-run of a job that it needs 2 s ago; attempt 0 was stopped on worker "w1".',
  ]);
});

test.each([
  [-5, '0 s'],
  [440, '0.4 s'],
  [9_960, '10 s'],
  [59_700, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [86_400_000 * 4 + 3_600_000, '4 d 1 h'],
])('a span of %d ms reads %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

test('a re-run job reports the token, and the attempts of this generation only', () => {
  const rerun = { generation: 3, atMs: nowMs - 5_000, by: 'laptop' };
  const attempts = [attempt(0), attempt(1), attempt(2)];
  const failed = facts({ state: 'failure', attempt: 2, budgetFrom: 1, maxRetries: 1 }, { attempts, rerun });
  expect(told(failed)).toEqual([
    'failed: Attempt 2 on worker "w1" failed (exit code 1); its one retry is used up.',
    'retried: It was tried once before (1 retry allowed); attempt 1 on worker "w1" failed (exit code 1).',
    'rerun: It was re-run by token "laptop" 5 s ago (generation 3 of the run).',
  ]);
  const waiting = facts({ state: 'waiting', attempt: 1, budgetFrom: 1 }, { attempts: [attempt(0)], rerun });
  expect(told(waiting)[1]).toMatch(/^rerun: /);
});
