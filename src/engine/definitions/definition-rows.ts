import { parseCondition } from '../../domain/condition/parse-condition.js';
import { runsAfterCancel, typedInputs } from '../../domain/condition/references.js';
import type { DefinitionFormat, JobDefinition, WorkflowDefinition } from '../../domain/definition/definition.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import { parseDefinition } from '../../domain/definition/parse-definition.js';
import type { StartSpec } from '../../domain/definition/start-spec.js';
import { labelsKey } from '../../domain/labels.js';
import type { Problem } from '../../domain/problem.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import { conditionKind } from '../../domain/settle.js';
import { newVersionEdges, newVersionJobs } from '../../store/version-rows.js';
import { firstChildren } from './definition-graph.js';
import { definitionLimits } from './limits.js';

/** A checked definition as the rows of the store, in pieces that each fit into a short transaction. */
export interface DefinitionRows {
  readonly name: string;
  readonly trigger: string;
  readonly jobCount: number;
  readonly survivorCount: number;
  readonly conditionalRoots: number;
  /** The distinct label sets, as their JSON texts. */
  readonly labelSets: readonly string[];
  readonly rootLabelSets: readonly string[];
  /** The JSON of a `StartSpec`; null when nothing is checked or decided at the start of a run. */
  readonly startSpec: string | null;
  /** The schedules of the version that becomes current. */
  readonly schedules: readonly Schedule[];
  /** JSON texts of rows for `insertVersionJobs`. */
  readonly jobs: readonly string[];
  /** JSON texts of rows for `insertVersionEdges`. */
  readonly edges: readonly string[];
  /** About valid definitions that are hardly meant. */
  readonly warnings: readonly Problem[];
}

export type DefinitionRowsResult =
  | { readonly ok: true; readonly rows: DefinitionRows }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Parses and checks a definition, and builds its rows. Runs in a thread for a text of any size. */
export function definitionRows(
  text: string,
  format: DefinitionFormat,
  file: string,
  anyWorker = false,
): DefinitionRowsResult {
  const result = parseDefinition(text, format, file);
  return result.ok ? { ok: true, rows: toRows(result.definition, anyWorker, result.warnings) } : result;
}

function toRows(definition: WorkflowDefinition, anyWorker: boolean, warnings: readonly Problem[]): DefinitionRows {
  const setOf = (job: JobDefinition) => labelsKey(anyWorker ? [] : job.labels);
  const kinds = definition.jobs.map(kindOf);
  const edges = definition.jobs.flatMap((job, ord) => job.needs.map((need) => ({ from_ord: need, to_ord: ord })));
  const childrenFrom = firstChildren(definition.jobs);
  const jobs = definition.jobs.map((job, ord) => ({
    ord,
    key: job.key,
    labels: setOf(job),
    priority: job.priority,
    needs: job.needs.length,
    conditional: kinds[ord] ?? conditionKind.none,
    spec: JSON.stringify(toSpec(job, definition.jobs, anyWorker, childrenFrom[ord] ?? null)),
    children_from: childrenFrom[ord] ?? null,
  }));
  const roots = definition.jobs.filter((job) => job.needs.length === 0);
  return {
    name: definition.name,
    trigger: definition.trigger,
    jobCount: definition.jobs.length,
    survivorCount: kinds.filter((kind) => kind === conditionKind.survivesCancel).length,
    conditionalRoots: roots.filter((job) => kindOf(job) !== conditionKind.none).length,
    labelSets: [...new Set(definition.jobs.map(setOf))],
    rootLabelSets: [...new Set(roots.map(setOf))],
    startSpec: toStartSpec(definition),
    // A file that a command runs once, with any worker, starts nothing later.
    schedules: anyWorker ? [] : definition.schedules,
    jobs: pieces(jobs, definitionLimits.jobsPerPiece, newVersionJobs.write),
    edges: pieces(edges, definitionLimits.edgesPerPiece, newVersionEdges.write),
    warnings,
  };
}

function kindOf(job: JobDefinition): number {
  const isComputed =
    job.expressions !== null || job.concurrency !== null || job.strategy !== null || job.queueTimeoutSecs !== null;
  if (job.condition === null) return isComputed ? conditionKind.computed : conditionKind.none;
  return runsAfterCancel(parseCondition(job.condition, typedInputs(job.inputTypes)))
    ? conditionKind.survivesCancel
    : conditionKind.plain;
}

function toStartSpec({ inputs, concurrency, runName, timeoutSecs, variables }: WorkflowDefinition): string | null {
  const spec: StartSpec = {
    inputs,
    ...(concurrency === null ? {} : { concurrency }),
    ...(runName === null ? {} : { runName }),
    ...(timeoutSecs === null ? {} : { timeoutSecs }),
    ...(variables.length === 0 ? {} : { variables }),
  };
  return inputs === null && Object.keys(spec).length === 1 ? null : JSON.stringify(spec);
}

function toSpec(
  job: JobDefinition,
  jobs: readonly JobDefinition[],
  anyWorker: boolean,
  childrenFrom: number | null,
): JobSpec {
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
    ...(job.strategy === null || childrenFrom === null ? {} : { matrix: { ...job.strategy, childrenFrom } }),
    ...(job.queueTimeoutSecs === null ? {} : { queueTimeoutSecs: job.queueTimeoutSecs }),
    ...(job.continueOnError ? { continueOnError: true } : {}),
    ...(job.concurrency === null ? {} : { concurrency: job.concurrency }),
    ...(job.expressions === null ? {} : { expressions: job.expressions, ...(anyWorker ? { anyWorker } : {}) }),
    ...(job.inputTypes === null ? {} : { inputTypes: job.inputTypes }),
  };
}

function pieces<T>(rows: readonly T[], size: number, write: (rows: readonly T[]) => string): string[] {
  const texts: string[] = [];
  for (let from = 0; from < rows.length; from += size) texts.push(write(rows.slice(from, from + size)));
  return texts;
}
