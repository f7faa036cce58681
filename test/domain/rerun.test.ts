import { describe, expect, it } from 'vitest';
import { ordinalRanges, ordinalsOf, planRerun, type RerunJob, type RerunQuestion } from '../../src/domain/rerun.js';
import type { JobState } from '../../src/domain/states.js';

/** A question about a graph: each job with its state and needs. Dependents are computed here, as the store does. */
function ask(
  graph: Readonly<Record<number, readonly [state: JobState, needs?: readonly number[], more?: Partial<RerunJob>]>>,
  chosen: readonly number[],
  dependants = true,
): RerunQuestion {
  const jobs = new Map<number, RerunJob>();
  const needs = new Map<number, readonly number[]>();
  for (const [key, [state, needed = [], more = {}]] of Object.entries(graph)) {
    jobs.set(Number(key), { state, isSettled: true, isStopping: false, isTolerated: false, conditional: 0, ...more });
    needs.set(Number(key), needed);
  }
  const following = new Set<number>();
  let looking = [...chosen];
  while (looking.length > 0) {
    const next = [...needs].filter(([, needed]) => needed.some((need) => looking.includes(need))).map(([job]) => job);
    looking = dependants ? next.filter((job) => !following.has(job)) : [];
    for (const job of next) if (!chosen.includes(job)) following.add(job);
  }
  return { jobs, needs, chosen: new Set(chosen), following, dependants };
}

function plan(question: RerunQuestion) {
  const decided = planRerun(question);
  if ('reason' in decided) throw new Error(`refused: ${decided.reason}`);
  return decided;
}

describe('a re-run', () => {
  it('resets the chosen jobs and all their dependents, and recounts their needs', () => {
    const graph = {
      0: ['success'],
      1: ['failure', [0]],
      2: ['skipped', [1]],
      3: ['skipped', [2, 0]],
      4: ['success', [0]],
    } as const;
    const { resets, recounts, undone } = plan(ask(graph, [1]));
    expect(resets).toEqual([
      { ordinal: 1, pending: 0, bad: 0 },
      { ordinal: 2, pending: 1, bad: 0 },
      { ordinal: 3, pending: 1, bad: 0 },
    ]);
    expect(recounts).toEqual([]);
    expect(undone).toEqual({ ended: 3, failed: 1, cancelled: 0 });
  });

  it('counts unsuccessful needs outside, and predicts which jobs are skipped because of them', () => {
    const graph = {
      0: ['failure'],
      1: ['failure'],
      2: ['skipped', [0, 1]],
      3: ['skipped', [2]],
      4: ['skipped', [2], { conditional: 1 }],
    } as const;
    const { resets, skipped } = plan(ask(graph, [0]));
    expect(resets.find(({ ordinal }) => ordinal === 2)).toEqual({ ordinal: 2, pending: 1, bad: 1 });
    expect([...skipped]).toEqual([
      [2, 1],
      [3, 2],
    ]);
  });

  it('counts a need as open if its end is not yet propagated', () => {
    const graph = { 0: ['failure', [], { isSettled: false }], 1: ['skipped', [0]] } as const;
    expect(plan(ask(graph, [1])).resets).toEqual([{ ordinal: 1, pending: 1, bad: 0 }]);
  });

  it('without dependents leaves ended jobs and running jobs further away, and makes the rest wait again', () => {
    const graph = {
      0: ['success'],
      1: ['success', [0]],
      2: ['running', [1]],
      3: ['queued', [0]],
      4: ['waiting', [0, 2]],
      5: ['waiting', [4]],
    } as const;
    const { resets, recounts } = plan(ask(graph, [0], false));
    expect(resets.map(({ ordinal }) => ordinal)).toEqual([0, 3]);
    expect(recounts).toEqual([{ ordinal: 4, pending: 2, bad: 0 }]);
  });

  it.each<[string, RerunQuestion, object]>([
    ['a chosen job that runs', ask({ 0: ['running'] }, [0]), { reason: 'job_running', ordinal: 0, state: 'running' }],
    ['a chosen job that waits', ask({ 0: ['queued'] }, [0]), { reason: 'job_running', ordinal: 0, state: 'queued' }],
    [
      'a chosen job that is being stopped',
      ask({ 0: ['cancelled', [], { isStopping: true }] }, [0]),
      { reason: 'job_running', ordinal: 0, state: 'stopping' },
    ],
    [
      'a dependent that runs',
      ask({ 0: ['success'], 1: ['running', [0]] }, [0]),
      { reason: 'dependant_running', ordinal: 1, state: 'running' },
    ],
    [
      'a running dependent, also if dependents are kept: its retry would not wait',
      ask({ 0: ['success'], 1: ['running', [0]] }, [0], false),
      { reason: 'dependant_running', ordinal: 1, state: 'running' },
    ],
  ])('is refused for %s', (_, question, refusal) => {
    expect(planRerun(question)).toEqual(refusal);
  });
});

it('ranges contain the ordinals that they were built from', () => {
  expect(ordinalRanges([0, 1, 2, 5, 7, 8])).toEqual([
    [0, 3],
    [5, 6],
    [7, 9],
  ]);
  expect([...ordinalsOf(ordinalRanges([0, 1, 2, 5, 7, 8]))]).toEqual([0, 1, 2, 5, 7, 8]);
  expect(ordinalRanges([])).toEqual([]);
});
