import type { DefinitionFormat, JobDefinition } from '../../domain/definition/definition.js';
import { parseDefinition } from '../../domain/definition/parse-definition.js';
import { labelsKey } from '../../domain/labels.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import type { Problem } from '../../domain/problem.js';

/** The graph of a definition that is not stored. The n-th entry of each list belongs to the n-th job. */
export interface DefinitionGraph {
  readonly name: string;
  readonly trigger: string;
  readonly keys: readonly string[];
  readonly jobs: readonly Pick<JobDefinition, 'name' | 'condition' | 'retry' | 'timeoutSecs' | 'priority'>[];
  /** The needs of each job, as indexes. */
  readonly needs: readonly (readonly number[])[];
  readonly labelSets: readonly (readonly string[])[];
  /** Each job's position in `labelSets`. */
  readonly labelSetIndexes: readonly number[];
  /** The ordinal of the first child of each job with a matrix; 0 for other jobs. */
  readonly childrenFrom: readonly number[];
}

export type DefinitionGraphResult =
  | { readonly ok: true; readonly graph: DefinitionGraph; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Parses and checks a definition, and builds its graph. Runs in a thread for a text of any size. */
export function definitionGraph(text: string, format: DefinitionFormat, file: string): DefinitionGraphResult {
  const result = parseDefinition(text, format, file);
  if (!result.ok) return result;
  const { name, trigger, jobs } = result.definition;
  const labelSets = new Map<string, { readonly index: number; readonly labels: readonly string[] }>();
  const labelSetIndexes: number[] = [];
  for (const { labels } of jobs) {
    const key = labelsKey(labels);
    const known = labelSets.get(key) ?? { index: labelSets.size, labels };
    labelSets.set(key, known);
    labelSetIndexes.push(known.index);
  }
  return {
    ok: true,
    graph: {
      name,
      trigger,
      keys: jobs.map(({ key }) => key),
      jobs: jobs.map(({ name, condition, retry, timeoutSecs, priority }) => ({
        name,
        condition,
        retry,
        timeoutSecs,
        priority,
      })),
      needs: jobs.map(({ needs }) => needs),
      labelSets: [...labelSets.values()].map(({ labels }) => labels),
      labelSetIndexes,
      childrenFrom: firstChildren(jobs).map((first) => first ?? 0),
    },
    warnings: result.warnings,
  };
}

/** The ordinals of the first children of the jobs with a matrix, one range behind the other; null for other jobs. */
export function firstChildren(jobs: readonly JobDefinition[]): (number | null)[] {
  let next = firstChildOrdinal;
  return jobs.map(({ strategy }) => {
    if (strategy === null) return null;
    const from = next;
    next += strategy.childrenMax;
    return from;
  });
}
