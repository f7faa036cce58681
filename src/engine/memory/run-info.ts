import { LRUCache } from 'lru-cache';
import type { RunValues } from '../../domain/condition/evaluate.js';
import { scheduledAtText } from '../../domain/schedule/schedule-inputs.js';
import type { RunTrigger } from '../../domain/states.js';
import { readVariables, type Variables } from '../../domain/variables.js';
import type { Connection } from '../../store/connection.js';
import { type RunRow, runContexts, runsByNumber } from '../../store/statements/find-runs.js';
import type { KnownJob } from './job-specs.js';
import { memoryLimits } from './limits.js';

/** What never changes about a run. */
export interface RunInfo {
  readonly no: number;
  readonly id: string;
  readonly workflowId: string;
  readonly version: number;
  readonly inputs: ReadonlyMap<string, string>;
  /** Length of its inputs and variables as JSON. */
  readonly inputsChars: number;
  /** The server variables that its definition names, as they were when it started. */
  readonly vars: Variables;
  readonly jobCount: number;
  readonly survivorCount: number;
  /** Its evaluated `run-name`, or the name of its workflow. */
  readonly name: string;
  /** The trace that it was started within; null when there is none. */
  readonly traceparent: string | null;
  readonly trigger: RunTrigger;
  /** The scheduled time; null when no schedule started it. */
  readonly scheduledAtMs: number | null;
}

/** Cache of what never changes about runs. The oldest leave when it is full. */
export class RunInfoCache {
  readonly #known = new LRUCache<number, RunInfo>({
    max: 20_000,
    maxSize: memoryLimits.runInputChars,
    sizeCalculation: ({ inputsChars }) => inputsChars + 1,
  });

  /** Only for runs on disk: the number of another may be reused. */
  add(facts: RunInfo): void {
    this.#known.set(facts.no, facts);
  }

  forgetAll(): void {
    this.#known.clear();
  }

  /** What never changes about the given runs, by number. Errors: a run that does not exist is a bug. */
  async get(
    batch: { readonly connection: Connection; readonly newRuns: ReadonlyMap<number, RunInfo> },
    runs: Iterable<number>,
  ): Promise<Map<number, RunInfo>> {
    const found = new Map<number, RunInfo>();
    const missing: number[] = [];
    for (const no of new Set(runs)) {
      const known = batch.newRuns.get(no) ?? this.#known.get(no);
      if (known === undefined) missing.push(no);
      else found.set(no, known);
    }
    if (missing.length > 0) {
      for (const row of await runsByNumber.run(batch.connection, { rows: missing.map((no) => ({ no })) })) {
        const facts = toRunFacts(row);
        this.add(facts);
        found.set(facts.no, facts);
      }
    }
    return found;
  }
}

export function toRunFacts(row: RunRow): RunInfo {
  return {
    no: row.no,
    id: row.id,
    workflowId: row.workflow_id,
    version: row.version,
    inputs: new Map(Object.entries(JSON.parse(row.inputs) as Record<string, string>)),
    inputsChars: row.inputs.length + (row.vars?.length ?? 0),
    vars: readVariables(row.vars),
    jobCount: row.job_count,
    survivorCount: row.survivor_count,
    traceparent: row.traceparent,
    name: row.name,
    trigger: row.trigger,
    scheduledAtMs: row.scheduled_at_ms,
  };
}

/** The values that expressions see of a run. */
export function runValues(run: Pick<RunInfo, 'id' | 'workflowId' | 'name' | 'trigger' | 'scheduledAtMs'>): RunValues {
  const { id, workflowId, name, trigger, scheduledAtMs } = run;
  const scheduledAt = scheduledAtMs === null ? null : scheduledAtText(scheduledAtMs);
  return { id, workflow: workflowId, name, trigger, scheduled_at: scheduledAt };
}

/**
 * The values that the expressions of some jobs see of their runs, by the runs' numbers. Values that a re-run changes,
 * and that few jobs use, are read only for those that do.
 */
export async function runValuesOf(
  connection: Connection,
  runs: ReadonlyMap<number, RunInfo>,
  jobs: readonly { readonly run: number; readonly known: Pick<KnownJob, 'namesRunContext'> }[],
): Promise<(run: number) => RunValues> {
  const named = new Set(jobs.filter(({ known }) => known.namesRunContext).map(({ run }) => run));
  const rows = named.size === 0 ? [] : await runContexts.run(connection, { rows: [...named].map((no) => ({ no })) });
  const contexts = new Map(rows.map(({ no, generation, started_by }) => [no, { generation, started_by }]));
  return (run) => ({ ...runValues(factsOf(runs, run)), ...contexts.get(run) });
}

/** The run of a job that this batch touches. Errors: a job without a run is a bug. */
export function factsOf(runs: ReadonlyMap<number, RunInfo>, no: number): RunInfo {
  const facts = runs.get(no);
  if (facts === undefined) throw new Error(`there is no run ${no}`);
  return facts;
}
