import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath } from '../src/graph/critical-path.js';
import { familyOf, foldGraph, maxNodes } from '../src/graph/fold.js';
import { placeNodes } from '../src/graph/place.js';
import { type GraphJob, ranksOf } from '../src/graph/ranks.js';

/** Graphs without circles: each job needs some of those before it. */
const graphs = fc
  .array(fc.record({ family: fc.integer({ min: 0, max: 5 }), needs: fc.array(fc.nat(), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 400,
  })
  .map((drawn) =>
    drawn.map(({ family, needs }, at): GraphJob => {
      const earlier = at === 0 ? [] : [...new Set(needs.map((need) => need % at))];
      return { id: `${'abcdef'[family]}-${at}`, needs: earlier, labels: family === 0 ? ['gpu'] : [] };
    }),
  );

describe('ranks', () => {
  it('put a job one after its deepest need', () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const ranks = ranksOf(jobs);
        jobs.forEach(({ needs }, job) => {
          expect(ranks[job]).toBe(needs.length === 0 ? 0 : Math.max(...needs.map((need) => ranks[need] ?? 0)) + 1);
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('folding', () => {
  it('shows every job once, in at most so many nodes, and no edge that goes back', () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const { nodes, edges } = foldGraph(jobs, 40);
        const ranks = ranksOf(jobs);
        expect(nodes.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual(jobs.map((_, job) => job));
        // A rank is at least one node, so a graph deeper than the bound keeps one node a rank.
        expect(nodes.length).toBeLessThanOrEqual(Math.max(40, new Set(ranks).size));
        for (const { from, to } of edges) expect(nodes[from]?.rank).toBeLessThan(nodes[to]?.rank ?? 0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps each need as an edge between the nodes of the two jobs', () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const { nodes, edges } = foldGraph(jobs);
        const nodeOf = new Map(nodes.flatMap(({ members }, node) => members.map((job) => [job, node] as const)));
        const pairs = new Set(edges.map(({ from, to }) => `${from}-${to}`));
        expect(pairs.size).toBe(edges.length);
        jobs.forEach(({ needs }, job) => {
          for (const need of needs) expect(pairs).toContain(`${nodeOf.get(need)}-${nodeOf.get(job)}`);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('joins jobs that differ only in digits or in a matrix suffix, and parts those with other labels', () => {
    const fanOut: GraphJob[] = [
      { id: 'prepare', needs: [], labels: [] },
      ...Array.from({ length: 48 }, (_, n) => ({
        id: `test-${n} (node ${n})`,
        needs: [0],
        labels: n < 8 ? ['gpu'] : [],
      })),
    ];
    const { nodes } = foldGraph(fanOut);
    expect(nodes.map(({ title, members }) => [title, members.length])).toEqual([
      ['prepare', 1],
      ['test-* *', 8],
      ['test-* *', 40],
    ]);
  });

  it('draws a small graph as it is', () => {
    const pair: GraphJob[] = ['build-1', 'build-2'].map((id) => ({ id, needs: [], labels: [] }));
    expect(foldGraph(pair).nodes.map(({ title }) => title)).toEqual(['build-1', 'build-2']);
  });

  it('stays below the bound where no two jobs look alike', () => {
    const letters = (n: number) => n.toString().replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
    const motley: GraphJob[] = Array.from({ length: 3_000 }, (_, n) => ({
      id: letters(n),
      needs: n < 50 ? [] : [n - 50, (n * 7) % 50],
      labels: [],
    }));
    expect(foldGraph(motley).nodes.length).toBeLessThanOrEqual(maxNodes);
  });

  it('knows a family by its key without digits', () => {
    expect([familyOf('test-60-7'), familyOf('e2e [chrome, 3]'), familyOf('lint')]).toEqual([
      'test-*-*',
      'e*e *',
      'lint',
    ]);
  });
});

describe('placing', () => {
  it('gives no two nodes or passing edges one place, and leads edges from left to right', () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const folded = foldGraph(jobs, 60);
        const { places, routes } = placeNodes(folded);
        const taken = [...places, ...routes.flatMap((route) => route.slice(1, -1))];
        expect(new Set(taken.map(({ column, row }) => `${column}/${row}`)).size).toBe(taken.length);
        for (const route of routes) {
          expect(route.map(({ column }) => column)).toEqual(route.map((_, at) => (route[0]?.column ?? 0) + at));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the critical path', () => {
  const job = (needs: number[], enqueuedMs: number | null, startedMs: number | null, endedMs: number | null) => ({
    needs,
    enqueuedMs,
    startedMs,
    endedMs,
  });

  it('goes from the job that ended last back over the need that ended last', () => {
    const jobs = [job([], 0, 10, 100), job([], 0, 5, 400), job([0, 1], 400, 450, 900), job([0], 100, 110, 300)];
    expect(criticalPath(jobs)).toEqual([
      { job: 1, waitedMs: 5, ranMs: 395 },
      { job: 2, waitedMs: 50, ranMs: 450 },
    ]);
  });

  it('leaves out what never started, and is empty before anything has ended', () => {
    expect(criticalPath([job([], 0, null, 50), job([0], null, null, null)])).toEqual([]);
    expect(criticalPath([job([], 0, null, 50), job([0], 50, 60, 70)])).toEqual([{ job: 1, waitedMs: 10, ranMs: 10 }]);
  });
});
