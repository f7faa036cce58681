import { describe, expect, it } from 'vitest';
import { StepScanner } from '../../src/domain/step-states.js';

const steps = ['Build', 'Unit tests', 'Report'].map((name) => ({ name }));
const running = { outcome: null, endedAtMs: null, error: null };

function scanned(...pieces: readonly (readonly [text: string, atMs: number])[]): StepScanner {
  const scanner = new StepScanner(steps);
  for (const [text, atMs] of pieces) scanner.push(text, atMs);
  return scanner;
}

const statuses = (scanner: StepScanner, attempt: Parameters<StepScanner['states']>[0]) =>
  scanner.states(attempt).map(({ status }) => status);

describe('the steps of a job', () => {
  const two = () => scanned(['::step 1/3 Build\nmade it\n', 10], ['::step 2/3 Unit tests\n', 25]);

  it('begin with their lines, and end with the next one or with the attempt', () => {
    expect(two().states({ outcome: 'failure', endedAtMs: 40, error: 'exit status 1' })).toEqual([
      { status: 'success', startedAtMs: 10, endedAtMs: 25 },
      { status: 'failure', startedAtMs: 25, endedAtMs: 40 },
      { status: 'skipped', startedAtMs: null, endedAtMs: null },
    ]);
  });

  it.each([
    [null, ['success', 'running', 'queued']],
    ['failure', ['success', 'failure', 'skipped']],
    ['timed_out', ['success', 'failure', 'skipped']],
    ['lease_expired', ['success', 'failure', 'skipped']],
    ['cancelled', ['success', 'cancelled', 'skipped']],
    ['success', ['success', 'success', 'success']],
  ] as const)('of an attempt that ended as %s are %s', (outcome, expected) => {
    expect(statuses(two(), { outcome, endedAtMs: outcome === null ? null : 40, error: null })).toEqual(expected);
  });

  it('wait before the first line, and are skipped if the attempt ended before it', () => {
    expect(statuses(scanned(['hello\n', 1]), running)).toEqual(['queued', 'queued', 'queued']);
    expect(statuses(scanned(), { outcome: 'failure', endedAtMs: 5, error: 'no shell' })).toEqual([
      'skipped',
      'skipped',
      'skipped',
    ]);
  });

  it('are announced by whole lines with their own name, and never go backwards', () => {
    const scanner = scanned(['::step 2/3 Unit tests\n', 5], ['::step 1/3 Build\nx ::step 3/3 Report\n', 6]);
    scanner.push('::step 3/3 Other\n::step 3/4 Report\n', 7);
    expect(statuses(scanner, running)).toEqual(['success', 'running', 'queued']);
  });

  it('without lines in the log are known from the error that names one', () => {
    const attempt = { outcome: 'failure', endedAtMs: 40, error: 'step 2/3 "Unit tests": exit status 1' } as const;
    expect(scanned(['::step 1/3 Build\n', 10]).states(attempt)).toEqual([
      { status: 'success', startedAtMs: 10, endedAtMs: null },
      { status: 'failure', startedAtMs: null, endedAtMs: 40 },
      { status: 'skipped', startedAtMs: null, endedAtMs: null },
    ]);
    expect(statuses(scanned(), { ...attempt, error: 'step 9/9 "x": exit status 1' })[0]).toBe('skipped');
  });

  it('never end before they began, whatever the clocks say', () => {
    const [first] = scanned(['::step 1/3 Build\n', 50]).states({ outcome: 'failure', endedAtMs: 40, error: null });
    expect(first).toEqual({ status: 'failure', startedAtMs: 50, endedAtMs: 50 });
  });
});
