import { describe, expect, it } from 'vitest';
import { capacityByLabel } from '../src/overview/capacity-by-label.js';
import { formatAgo, formatDuration, plural, visible } from '../src/parts/format.js';
import { cellAt, mapLayout } from '../src/run/map/map-layout.js';

it.each([
  [0, '0 ms'],
  [840, '840 ms'],
  [9_960, '9.9 s'],
  [41_900, '41 s'],
  [192_000, '3 m 12 s'],
  [180_000, '3 m'],
  [7_440_000, '2 h 4 m'],
  [273_600_000, '3 d 4 h'],
  [-5, '0 s'],
])('%i ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

it('times are shown by how long ago they were', () => {
  const now = 1_000_000_000;
  expect([1_000, 41_000, 180_000, 7_200_000].map((ms) => formatAgo(now - ms, now))).toEqual([
    'just now',
    '41 s ago',
    '3 min ago',
    '2 h ago',
  ]);
});

it('counts have their noun in its right form', () => {
  expect([plural(1, 'job'), plural(4_800, 'job'), plural(2, 'retry', 'retries')]).toEqual([
    '1 job',
    '4,800 jobs',
    '2 retries',
  ]);
});

describe('text from workers', () => {
  it('shows marks that reorder or hide text as what they are', () => {
    expect(visible('a\u202eb\u200bc\u0000d')).toBe('a<U+202E>b<U+200B>c<U+0000>d');
    expect(visible('<b>tag & tab\there</b>')).toBe('<b>tag & tab\there</b>');
  });

  it('is cut to what a page can show', () => expect(visible('x'.repeat(50), 10)).toBe(`${'x'.repeat(10)}…`));
});

describe('the map of a run', () => {
  it.each([30, 200, 5_000, 20_000])('has a cell of its own for each of %i jobs, inside the width', (jobs) => {
    const ranks = Uint32Array.from({ length: jobs }, (_, n) => (n === 0 ? 0 : 1 + (n % 3)));
    const layout = mapLayout(ranks, 1_200);
    expect(new Set(layout.cells.map(([x, y]) => `${x}/${y}`)).size).toBe(jobs);
    expect(Math.max(...layout.cells.map(([x]) => x)) + layout.size).toBeLessThanOrEqual(1_201);
    for (const n of [0, 1, jobs - 1]) {
      const [x = 0, y = 0] = layout.cells[n] ?? [];
      expect(cellAt(layout, x + 1, y + 1)).toBe(n);
    }
  });
});

it('capacity counts a worker for each of its labels, and at least the slots that it uses', () => {
  const capacity = capacityByLabel([
    { labels: ['linux', 'gpu'], running: 2, slots: 4 },
    { labels: ['linux', 'feature:workspace'], running: 1, slots: 0 },
  ]);
  expect(capacity).toEqual([
    { label: '', running: 3, slots: 5 },
    { label: 'linux', running: 3, slots: 5 },
    { label: 'gpu', running: 2, slots: 4 },
  ]);
});
