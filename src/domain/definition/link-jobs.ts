import { limits } from '../limits.js';
import { nearest } from '../suggest.js';
import { type Checker, shortText } from './checker.js';
import type { JobDefinition } from './definition.js';
import type { DraftJob } from './draft.js';
import { findCycles } from './find-cycles.js';
import { type Place, valueAt } from './place.js';

/** Of a longer cycle, only this many jobs are named. */
const jobsNamedMax = 10;

/** Turns the names of needs into indexes, and checks the graph as a whole: missing needs, repeats, cycles, sizes. */
export function linkJobs(checker: Checker, drafts: readonly DraftJob[]): JobDefinition[] {
  const indexes = new Map<string, number>();
  // Of jobs with the same key, which is reported elsewhere, the first one is meant.
  for (const [index, draft] of drafts.entries()) if (!indexes.has(draft.key)) indexes.set(draft.key, index);
  const needs = drafts.map((draft) => resolveNeeds(checker, draft, indexes));
  checkEdges(checker, needs);
  for (const cycle of findCycles(needs, limits.problemsReported)) reportCycle(checker, drafts, cycle);
  return drafts.map(({ place, needsPlace, needsIsList, ...job }, index) => ({ ...job, needs: needs[index] ?? [] }));
}

function resolveNeeds(checker: Checker, draft: DraftJob, indexes: ReadonlyMap<string, number>): number[] {
  const found: number[] = [];
  const seen = draft.needs.length > 1 ? new Set<string>() : null;
  for (const [position, need] of draft.needs.entries()) {
    const index = indexes.get(need);
    if (seen?.has(need)) report(checker, draft, position, `needs ${shortText(need)} twice`);
    else if (need === draft.key) report(checker, draft, position, 'needs itself');
    else if (index === undefined) {
      // Looking for a likeness costs far more than the rest; a problem that is only counted does not need one.
      const near = checker.isFull ? null : nearest(need, indexes.keys());
      const hint = near === null || near === draft.key ? '' : `, did you mean "${near}"?`;
      report(checker, draft, position, `needs ${shortText(need)}, which does not exist${hint}`);
    } else found.push(index);
    seen?.add(need);
  }
  return found;
}

function report(checker: Checker, draft: DraftJob, position: number, what: string): void {
  checker.add(`job ${shortText(draft.key)} ${what}`, needPlace(draft, position), draft.key);
}

function needPlace(draft: DraftJob, position: number): Place {
  return draft.needsIsList ? valueAt(draft.needsPlace, position) : draft.needsPlace;
}

function reportCycle(checker: Checker, drafts: readonly DraftJob[], cycle: readonly number[]): void {
  const keys = cycle.map((index) => drafts[index]?.key ?? '');
  const first = drafts[cycle[0] ?? 0];
  if (first === undefined) return;
  const named = keys.slice(0, jobsNamedMax);
  if (keys.length > jobsNamedMax) named.push(`… (${keys.length - jobsNamedMax} more)`);
  const position = Math.max(0, first.needs.indexOf(keys[1] ?? ''));
  checker.add(
    `jobs need each other in a cycle: ${[...named, keys[0]].join(' → ')}`,
    needPlace(first, position),
    first.key,
  );
}

function checkEdges(checker: Checker, needs: readonly (readonly number[])[]): void {
  const edges = needs.reduce((sum, list) => sum + list.length, 0);
  if (edges > limits.edgesPerWorkflow) {
    checker.add(`the jobs have ${edges} needs together; at most ${limits.edgesPerWorkflow} are allowed`, null, null);
  }
}
