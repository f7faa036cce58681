import { parseCondition } from '../domain/condition/parse-condition.js';
import { runsAfterCancel } from '../domain/condition/references.js';
import type { DefinitionFormat, JobDefinition, WorkflowDefinition } from '../domain/definition/definition.js';
import { parseDefinition } from '../domain/definition/parse-definition.js';
import { labelsKey } from '../domain/labels.js';
import type { Problem } from '../domain/problem.js';
import { conditionKind } from '../domain/settle.js';
import type { JobSpec } from './engine.js';

/** A checked definition as the rows that the store takes, in pieces that each fit into a short transaction. */
export interface DefinitionRows {
  readonly name: string;
  readonly trigger: string;
  readonly jobCount: number;
  readonly survivorCount: number;
  readonly conditionalRoots: number;
  /** The distinct label sets, as their JSON texts. */
  readonly labelSets: readonly string[];
  readonly rootLabelSets: readonly string[];
  /** JSON texts of rows for `insertVersionJobs`. */
  readonly jobs: readonly string[];
  /** JSON texts of rows for `insertVersionEdges`. */
  readonly edges: readonly string[];
}

export type DefinitionRowsResult =
  | { readonly ok: true; readonly rows: DefinitionRows }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const jobsPerPiece = 1_000;
const edgesPerPiece = 5_000;

/** Parses and checks a definition, and makes its rows. Runs in a thread for a text of any size. */
export function definitionRows(text: string, format: DefinitionFormat, file: string): DefinitionRowsResult {
  const result = parseDefinition(text, format, file);
  return result.ok ? { ok: true, rows: toRows(result.definition) } : result;
}

function toRows(definition: WorkflowDefinition): DefinitionRows {
  const kinds = definition.jobs.map(kindOf);
  const edges = definition.jobs.flatMap((job, ord) => job.needs.map((need) => [need, ord]));
  const roots = definition.jobs.filter((job) => job.needs.length === 0);
  return {
    name: definition.name,
    trigger: definition.trigger,
    jobCount: definition.jobs.length,
    survivorCount: kinds.filter((kind) => kind === conditionKind.survivesCancel).length,
    conditionalRoots: roots.filter((job) => job.condition !== null).length,
    labelSets: [...new Set(definition.jobs.map((job) => labelsKey(job.labels)))],
    rootLabelSets: [...new Set(roots.map((job) => labelsKey(job.labels)))],
    jobs: pieces(definition.jobs, jobsPerPiece, (job, ord) => [
      ord,
      job.key,
      labelsKey(job.labels),
      job.priority,
      job.needs.length,
      kinds[ord] ?? conditionKind.none,
      JSON.stringify(toSpec(job, definition.jobs)),
    ]),
    edges: pieces(edges, edgesPerPiece, (edge) => edge),
  };
}

function kindOf(job: JobDefinition): number {
  if (job.condition === null) return conditionKind.none;
  return runsAfterCancel(parseCondition(job.condition)) ? conditionKind.survivesCancel : conditionKind.plain;
}

function toSpec(job: JobDefinition, jobs: readonly JobDefinition[]): JobSpec {
  return {
    name: job.name,
    command: job.command,
    labels: job.labels,
    needs: job.needs.map((need) => jobs[need]?.key ?? ''),
    retry: job.retry,
    timeoutSecs: job.timeoutSecs,
    priority: job.priority,
    env: job.env,
    steps: job.steps,
    metadata: job.metadata,
    condition: job.condition,
  };
}

function pieces<T>(items: readonly T[], size: number, toCells: (item: T, at: number) => unknown[]): string[] {
  const texts: string[] = [];
  for (let from = 0; from < items.length; from += size) {
    texts.push(JSON.stringify(items.slice(from, from + size).map((item, at) => toCells(item, from + at))));
  }
  return texts;
}
