import { describe, expect, it } from 'vitest';
import type { AttemptFact, ChunkFact, Facts, JobFact, RunFact } from './facts.js';
import { type End, Journal } from './journal.js';
import { judge } from './verdict.js';

/** Facts that a test may falsify. */
interface Story {
  readonly facts: Omit<Facts, 'damage' | 'runs' | 'jobs' | 'attempts' | 'released' | 'logs'> & {
    readonly damage: string[];
    readonly runs: Map<string, RunFact>;
    readonly jobs: Map<string, JobFact>;
    readonly attempts: Map<string, AttemptFact>;
    readonly released: Set<string>;
    readonly logs: Map<string, ChunkFact[]>;
  };
  readonly journal: Journal;
}

const success: End = { kind: 'success', outputs: { mark: 'm' } };
const failure: End = { kind: 'failure', error: 'broken', retryable: true };
const attempt: AttemptFact = {
  job: 'r1/a',
  number: 0,
  worker: 'w1',
  outcome: 'lease_expired',
  error: 'lease expired',
  endedAtMs: 1_000,
};

/**
 * Two runs of `b` after `a`. In the first, `a` lost its lease once, was retried and succeeded, and its end was sent
 * twice; the second was cancelled while `a` ran.
 */
function story(): Story {
  const journal = new Journal();
  journal.started('q1', 'r1');
  journal.started('q2', 'r2');
  journal.cancelled.set('r2', 3_000);
  journal.showedEnd('r1/a', 'success');
  const grant = (name: string, worker: string, lease: string, upstream = {}) =>
    journal.grants.push({ attempt: name, worker, lease, upstream });
  grant('r1/a/0', 'w1', 'l1');
  grant('r1/a/1', 'w2', 'l2');
  grant('r1/b/0', 'w1', 'l3', { a: { from_log: 'a.1', mark: 'm' } });
  grant('r2/a/0', 'w2', 'l4');
  const report = (name: string, worker: string, lease: string, end: End, refused: string | null) =>
    journal.reports.push({ attempt: name, worker, lease, end, refused });
  report('r1/a/0', 'w1', 'l1', success, 'superseded');
  report('r1/a/1', 'w2', 'l2', success, null);
  report('r1/a/1', 'w2', 'l2', success, null);
  report('r1/a/1', 'w2', 'l2', failure, 'completed');
  report('r1/b/0', 'w1', 'l3', { kind: 'success', outputs: {} }, null);
  report('r2/a/0', 'w2', 'l4', success, 'cancelled');
  journal.refusals.push({ attempt: 'r1/a/0', lease: 'l1', what: 'heartbeat', reason: 'lease_expired' });
  const line = { attempt: 'r1/a/1', sequence: 0, stream: 'stdout', data: '::set-output from_log=a.1\n' };
  journal.chunks.push({ ...line, sentAtMs: 1_500 });
  journal.shownChunks.push({ ...line, sentAtMs: null });
  journal.texts.set('r1/b/0', 'one\ntwo\n');
  const piece = (sequence: number, data: string) => ({ ...line, attempt: 'r1/b/0', sequence, data, sentAtMs: null });
  journal.followed.push({ job: 'r1/b', chunks: [piece(0, 'one\n'), piece(1, 'two\n')], toTheEnd: true });
  journal.followed.push({ job: 'r1/b', chunks: [piece(0, 'one\n')], toTheEnd: false });

  const facts = {
    damage: [],
    runs: new Map([
      ['r1', { state: 'success', cancelRequested: false, endedAtMs: 2_500 }],
      ['r2', { state: 'cancelled', cancelRequested: true, endedAtMs: 2_900 }],
    ]),
    jobs: new Map<string, JobFact>([
      ['r1/a', { run: 'r1', state: 'success', attempt: 1, outputs: { from_log: 'a.1', mark: 'm' } }],
      ['r1/b', { run: 'r1', state: 'success', attempt: 0, outputs: {} }],
      ['r2/a', { run: 'r2', state: 'cancelled', attempt: 0, outputs: {} }],
      ['r2/b', { run: 'r2', state: 'cancelled', attempt: 0, outputs: {} }],
    ]),
    attempts: new Map<string, AttemptFact>([
      ['r1/a/0', attempt],
      ['r1/a/1', { ...attempt, number: 1, worker: 'w2', outcome: 'success', error: null, endedAtMs: 2_000 }],
      ['r1/b/0', { ...attempt, job: 'r1/b', outcome: 'success', error: null, endedAtMs: 2_500 }],
      ['r2/a/0', { ...attempt, job: 'r2/a', worker: 'w2', outcome: 'cancelled', error: null, endedAtMs: 2_900 }],
    ]),
    released: new Set<string>(),
    logs: new Map<string, ChunkFact[]>([
      ['r1/a/1', [{ sequence: 0, stream: 'stdout', data: line.data }]],
      ['r1/b/0', ['one\n', 'two\n'].map((data, sequence) => ({ sequence, stream: 'stdout', data }))],
    ]),
    needs: new Map([
      ['r1/b', ['r1/a']],
      ['r2/b', ['r2/a']],
    ]),
    events: { count: 20, last: 20 },
    endedOften: [],
  };
  return { facts, journal };
}

function change<Value>(map: Map<string, Value>, key: string, changes: Partial<Value>): void {
  const before = map.get(key);
  if (before === undefined) throw new Error(`the story has no ${key}`);
  map.set(key, { ...before, ...changes });
}

function move<Entry>(list: Entry[], find: (entry: Entry) => boolean, changes: Partial<Entry>): void {
  const at = list.findIndex(find);
  const entry = list[at];
  if (entry === undefined) throw new Error('the story has no such entry');
  list[at] = { ...entry, ...changes };
}

/** Forbidden facts, and the judge's finding for each. */
const crimes: readonly (readonly [string, (story: Story) => void, RegExp])[] = [
  ['a lost run', ({ facts }) => facts.runs.delete('r1'), /run r1 was acknowledged and is lost/],
  [
    'a request that started two runs',
    ({ journal }) => journal.started('q1', 'r9'),
    /request q1 started run r1 and run r9/,
  ],
  [
    'a lost cancel',
    ({ facts }) => change(facts.runs, 'r2', { cancelRequested: false, endedAtMs: 9_000 }),
    /cancel of run r2 was acknowledged and is lost/,
  ],
  ['a lost claim', ({ facts }) => facts.attempts.delete('r2/a/0'), /attempt r2\/a\/0 was claimed and is lost/],
  [
    'an attempt that two workers were given',
    ({ journal }) => journal.grants.push({ attempt: 'r1/a/1', worker: 'w2', lease: 'l9', upstream: null }),
    /attempt r1\/a\/1 was handed out twice/,
  ],
  [
    'a lost completion',
    ({ facts }) => change(facts.attempts, 'r1/b/0', { outcome: 'failure', error: 'x' }),
    /r1\/b\/0: success was acknowledged, recorded is failure/,
  ],
  [
    'two ends under one lease',
    ({ journal }) => move(journal.reports, ({ refused }) => refused === 'completed', { refused: null }),
    /r1\/a\/1: two ends were acknowledged under one lease/,
  ],
  [
    'two completions of one job',
    ({ journal }) => move(journal.reports, ({ lease }) => lease === 'l1', { refused: null }),
    /job r1\/a was completed under two leases/,
  ],
  [
    'two successes of one job',
    ({ facts }) => change(facts.attempts, 'r1/a/0', { outcome: 'success' }),
    /job r1\/a succeeded 2 times/,
  ],
  [
    'an end reported by a worker without the lease',
    ({ facts }) => change(facts.attempts, 'r1/b/0', { worker: 'w7' }),
    /an end by w1 was taken under the lease of w7/,
  ],
  [
    'a refused end that counts',
    ({ facts }) => {
      change(facts.attempts, 'r1/a/1', { outcome: 'failure', error: 'broken' });
      change(facts.jobs, 'r1/a', { state: 'failure' });
    },
    /a report was refused \(completed\) and recorded all the same/,
  ],
  [
    'a lease reported as expired that has not',
    ({ facts }) => change(facts.attempts, 'r1/a/0', { outcome: 'failure' }),
    /a heartbeat was refused as lease_expired, but the attempt's outcome is failure/,
  ],
  [
    'a lease that was not superseded',
    ({ facts }) => facts.attempts.delete('r1/a/1'),
    /refused as superseded, but no later attempt is there/,
  ],
  [
    'a cancel that nobody requested',
    ({ facts }) => change(facts.runs, 'r2', { cancelRequested: false }),
    /refused as cancelled, but .* nobody asked to cancel its run/,
  ],
  [
    'an end reported as a repeat that was the first',
    ({ journal }) => {
      move(journal.reports, ({ lease }) => lease === 'l3', { refused: 'completed' });
    },
    /refused as completed, but nothing else was reported under its lease/,
  ],
  [
    'a lease that the server no longer knows',
    ({ journal }) => move(journal.refusals, () => true, { reason: 'unknown_lease' }),
    /refused as unknown_lease, but the attempt was never given back/,
  ],
  ['a refusal without a reason', ({ journal }) => move(journal.refusals, () => true, { reason: '409' }), /no reason/],
  [
    'a lost output',
    ({ facts }) => change(facts.jobs, 'r1/a', { outputs: { from_log: 'a.1' } }),
    /r1\/a\/1: output mark is undefined and not m/,
  ],
  [
    'an output that was printed and is lost',
    ({ facts }) => change(facts.jobs, 'r1/a', { outputs: { mark: 'm' } }),
    /output from_log is undefined and not a.1/,
  ],
  [
    'outputs that were passed on with other values',
    ({ journal }) => move(journal.grants, ({ lease }) => lease === 'l3', { upstream: { a: { mark: 'other' } } }),
    /r1\/b\/0 was given .*other/,
  ],
  [
    'a lost log line',
    ({ facts }) => facts.logs.delete('r1/a/1'),
    /log chunk r1\/a\/1\/0 was acknowledged, stored is und/,
  ],
  [
    'a lost line of a whole log',
    ({ facts }) => facts.logs.get('r1/b/0')?.pop(),
    /r1\/b\/0: the log is "one\\n" and not/,
  ],
  [
    'a doubled log line',
    ({ facts }) => facts.logs.get('r1/b/0')?.push({ sequence: 1, stream: 'stdout', data: 'two\n' }),
    /log chunk r1\/b\/0\/1\/stdout is stored twice/,
  ],
  [
    'a log line that a reader saw and that is gone',
    ({ journal }) =>
      journal.shownChunks.push({ attempt: 'r1/b/0', sequence: 5, stream: 'stdout', data: 'x', sentAtMs: null }),
    /log chunk r1\/b\/0\/5 was shown, stored is undefined/,
  ],
  [
    'a log that a follower got with a gap',
    ({ journal }) => {
      const [first] = journal.followed;
      journal.followed.push({ job: 'r1/b', chunks: first?.chunks.slice(1) ?? [], toTheEnd: false });
    },
    /the log of r1\/b was followed as r1\/b\/0\/1\/stdout and is/,
  ],
  [
    'a log without an end for its follower',
    ({ journal }) => move(journal.followed, ({ toTheEnd }) => !toTheEnd, { toTheEnd: true }),
    /the log of r1\/b was followed as r1\/b\/0\/0\/stdout and is/,
  ],
  [
    'a log line that was accepted after the end',
    ({ journal }) => move(journal.chunks, () => true, { sentAtMs: 2_100 }),
    /taken 100 ms after the attempt's end/,
  ],
  [
    'an end that a reader saw and that was undone',
    ({ journal }) => journal.shownEnds.set('r1/b', 'failure'),
    /job r1\/b was shown as failure and is success/,
  ],
  [
    'a job that never ends',
    ({ facts }) => change(facts.jobs, 'r2/b', { state: 'queued' }),
    /job r2\/b is queued at the end/,
  ],
  [
    'a run that ended in another state than its jobs imply',
    ({ facts }) => change(facts.runs, 'r1', { state: 'failure' }),
    /run r1 is failure, and its jobs are success, success/,
  ],
  ['a missing event', (it) => Object.assign(it.facts.events, { count: 19 }), /of 20 events 19 are there/],
  ['a damaged file', ({ facts }) => facts.damage.push('page 3 is never used'), /page 3 is never used/],
];

describe('the judge of the crash rounds', () => {
  it('finds nothing in a consistent story', () => {
    const { facts, journal } = story();
    expect(judge(facts, journal)).toEqual([]);
  });

  it('accepts that a released attempt goes to another worker', () => {
    const told = story();
    told.journal.grants.push({ attempt: 'r1/a/1', worker: 'w9', lease: 'l9', upstream: {} });
    expect(judge(told.facts, told.journal)).not.toEqual([]);
    told.facts.released.add('r1/a/1');
    expect(judge(told.facts, told.journal)).toEqual([]);
  });

  it('accepts that the report of a released attempt finds no lease', () => {
    const told = story();
    const lease = { worker: 'w8', lease: 'l8', end: success };
    told.journal.reports.push({ attempt: 'r1/a/1', ...lease, refused: 'lease_expired' });
    expect(judge(told.facts, told.journal)).not.toEqual([]);
    told.facts.released.add('r1/a/1');
    expect(judge(told.facts, told.journal)).toEqual([]);
  });

  it('accepts that the attempt that superseded another one was released, and none followed', () => {
    const told = story();
    const later = told.facts.attempts.get('r1/a/1');
    told.facts.attempts.delete('r1/a/1');
    const unjustified = () =>
      judge(told.facts, told.journal).filter((found) => /no later attempt is there/.test(found));
    expect(later).toBeDefined();
    expect(unjustified()).not.toEqual([]);
    told.facts.released.add('r1/a/1');
    expect(unjustified()).toEqual([]);
  });

  it.each(crimes)('finds %s', (_, commit, words) => {
    const told = story();
    commit(told);
    expect(judge(told.facts, told.journal).join('\n')).toMatch(words);
  });
});
