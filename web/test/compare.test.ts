import { expect, it } from 'vitest';
import { differencesOf } from '../src/compare/differences.js';
import type { JobRow } from '../src/run/job-row.js';
import type { Look } from '../src/run/phases.js';

const job = (id: string, look: Look, [enqueuedMs, startedMs, endedMs]: (number | null)[] = []): JobRow => ({
  ordinal: 0,
  id,
  name: id,
  labels: [],
  needs: [],
  look,
  isTolerated: false,
  attempt: 0,
  enqueuedMs: enqueuedMs ?? null,
  startedMs: startedMs ?? null,
  endedMs: endedMs ?? null,
  worker: '',
  isNode: false,
  children: null,
  group: null,
});

it('two runs differ first in how jobs ended, then in how long they ran and waited', () => {
  const a = [
    job('same', 'success', [0, 10, 20]),
    job('slow', 'success', [0, 10, 1_010]),
    job('waits', 'success', [0, 10, 20]),
    job('fails', 'success', [0, 1, 2]),
    job('gone', 'success', [0, 1, 2]),
  ];
  const b = [
    job('same', 'success', [0, 10, 20]),
    job('slow', 'success', [0, 10, 5_010]),
    job('waits', 'success', [0, 500, 510]),
    job('fails', 'failure', [0, 1, 2]),
    job('new', 'skipped'),
  ];
  const found = differencesOf(a, b);
  expect(found.map(({ id }) => id)).toEqual(['fails', 'gone', 'new', 'slow', 'waits', 'same']);
  expect(found.find(({ id }) => id === 'slow')).toMatchObject({ ranMs: 4_000, waitedMs: 0, hasOtherEnd: false });
  expect(found.find(({ id }) => id === 'waits')).toMatchObject({ ranMs: 0, waitedMs: 490 });
  expect(found.find(({ id }) => id === 'gone')).toMatchObject({ b: null, ranMs: null, hasOtherEnd: true });
  expect(found.find(({ id }) => id === 'new')).toMatchObject({ a: null, waitedMs: null, hasOtherEnd: true });
});
