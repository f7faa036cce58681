import { needVariable } from '../job-variables.js';
import { limits } from '../limits.js';
import { nearest } from '../suggest.js';
import { type Checker, shortText } from './checker.js';
import type { JobDefinition } from './definition.js';
import type { DraftJob } from './draft.js';
import { findCycles } from './find-cycles.js';
import { type Place, valueAt } from './place.js';

/** Jobs of a longer cycle that are named. */
const jobsNamedMax = 10;

/**
 * Turns the names of needs into indexes, and checks the graph as a whole: missing needs, repeats, cycles, sizes.
 *
 * @param distinctVariables whether the needs of a job must give different variables
 */
export function linkJobs(checker: Checker, drafts: readonly DraftJob[], distinctVariables: boolean): JobDefinition[] {
  const indexes = new Map<string, number>();
  // Of jobs with the same key, which is reported elsewhere, the first one counts.
  for (const [index, draft] of drafts.entries()) if (!indexes.has(draft.key)) indexes.set(draft.key, index);
  const needs = drafts.map((draft) => resolveNeeds(checker, draft, indexes));
  checkEdges(checker, needs);
  if (distinctVariables) checkVariables(checker, drafts, needs);
  checkChildren(checker, drafts);
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
      // Finding a similar name costs far more than the rest; a problem that is only counted does not need one.
      const near = checker.isFull ? null : nearest(need, indexes.keys(), checker.hints);
      const hint = near === null || near === draft.key ? '' : `, did you mean "${near}"?`;
      report(checker, draft, position, `needs ${shortText(need)}, which does not exist${hint}`);
    } else found.push(index);
    seen?.add(need);
  }
  return found;
}

/** A job reads its needs in variables such as `NEEDS_BUILD_1_RESULT`, which `build-1` and `build.1` would share. */
function checkVariables(checker: Checker, drafts: readonly DraftJob[], needs: readonly (readonly number[])[]): void {
  const variables = drafts.map(({ key }) => needVariable(key));
  if (new Set(variables).size === drafts.length) return;
  for (const [at, draft] of drafts.entries()) {
    const taken = new Map<string, string>();
    for (const need of needs[at] ?? []) {
      const variable = variables[need] ?? '';
      const { key } = drafts[need] ?? draft;
      const other = taken.get(variable);
      if (other !== undefined && other !== key) {
        const both = `${shortText(other)} and ${shortText(key)}`;
        const position = draft.needs.indexOf(key);
        report(
          checker,
          draft,
          position,
          `needs ${both}, which give the same variables ${variable}_…; rename one of them`,
        );
      }
      taken.set(variable, key);
    }
  }
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

/** The children of a job with a matrix are `test.0`, `test.1` and so on, and have ordinals of their own. */
function checkChildren(checker: Checker, drafts: readonly DraftJob[]): void {
  const groups = drafts.filter(({ strategy }) => strategy !== null);
  if (groups.length === 0) return;
  const keys = new Set(groups.map(({ key }) => key));
  for (const { key, place } of drafts) {
    for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
      const group = key.slice(0, dot);
      if (!keys.has(group)) continue;
      const said = `job ${shortText(key)} begins with ${shortText(`${group}.`)}, as the children of job ${shortText(group)} do, which has a matrix; rename one of them`;
      checker.add(said, place, key);
    }
  }
  const children = groups.reduce((sum, { strategy }) => sum + (strategy?.childrenMax ?? 0), 0);
  if (children <= limits.matrixChildrenOfWorkflow) return;
  const said = `the jobs with a matrix can have ${children} children together, where a matrix that is known only at run time counts ${limits.matrixChildren}; at most ${limits.matrixChildrenOfWorkflow} are allowed`;
  checker.add(said, null, null);
}

function checkEdges(checker: Checker, needs: readonly (readonly number[])[]): void {
  const edges = needs.reduce((sum, list) => sum + list.length, 0);
  if (edges > limits.edgesPerWorkflow) {
    checker.add(`the jobs have ${edges} needs together; at most ${limits.edgesPerWorkflow} are allowed`, null, null);
  }
}
