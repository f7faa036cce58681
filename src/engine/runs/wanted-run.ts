import type { RunValues } from '../../domain/condition/evaluate.js';
import { declaredInputs } from '../../domain/definition/read-inputs.js';
import type { StartSpec } from '../../domain/definition/start-spec.js';
import { DomainError } from '../../domain/errors.js';
import { evaluateGroup } from '../../domain/gates/evaluate-group.js';
import type { RunGroup } from '../../domain/gates/run-group.js';
import { resolveInputs } from '../../domain/inputs/resolve-inputs.js';
import { overlapGroup } from '../../domain/schedule/overlap-group.js';
import type { Overlap } from '../../domain/schedule/schedule.js';
import { scheduledAtText } from '../../domain/schedule/schedule-inputs.js';
import type { RunTrigger } from '../../domain/states.js';
import { type Variables, variablesText } from '../../domain/variables.js';
import type { CurrentVersionRow } from '../../store/statements/workflows.js';
import { runValues } from '../memory/run-info.js';

/** A requested run. */
export interface WantedRun {
  /** The id that the run gets. */
  readonly id: string;
  /** A workflow, or a run, which means that run's workflow. */
  readonly of: string;
  readonly inputs: ReadonlyMap<string, string>;
  readonly unknownFields: readonly string[];
  readonly requestId: string | null;
  /** The id of the requesting token. */
  readonly by: string | null;
  readonly traceparent: string | null;
  /** The slot of a schedule that starts it; null for a requested run. */
  readonly slot: RunSlot | null;
}

/** A time of a schedule, which starts a run. */
export interface RunSlot {
  readonly schedule: string;
  readonly atMs: number;
  /** What happens while an earlier run of the schedule has not ended. */
  readonly overlap: Overlap;
  /** The backfill that takes it; null for the schedule itself. */
  readonly backfill: number | null;
  /** Called inside the transaction, at its end, when the group of the run has no place for it. */
  refused(error: DomainError): Promise<void>;
}

export interface CheckedInputs {
  readonly values: ReadonlyMap<string, string>;
  /** As JSON. */
  readonly text: string;
  /** The server variables that its definition names. */
  readonly vars: Variables;
  /** As they are kept with the run; null for none. */
  readonly varsText: string | null;
  /** Null when the run belongs to no group. */
  readonly group: RunGroup | null;
}

export interface NewRun extends WantedRun {
  readonly version: CurrentVersionRow;
  /** Checked, with defaults; or why they are refused. */
  readonly checked: CheckedInputs | DomainError;
  /** The run that it repeats; null when the request named a workflow's id. */
  readonly rerunOf: string | null;
  readonly requestHash: string | null;
}

/** The group of a stored run, from its version; null when it belongs to none. */
export function groupOfRun(
  startSpec: string | null,
  inputs: ReadonlyMap<string, string>,
  run: RunValues,
  vars: Variables,
): RunGroup | null {
  const spec = startSpec === null ? null : (JSON.parse(startSpec) as StartSpec);
  if (spec?.concurrency === undefined) return null;
  return evaluateGroup(spec.concurrency, declaredInputs(spec.inputs), inputs, run, vars);
}

/** Checks inputs against the definition if it declares any; passes them on unchecked otherwise. */
export function checkedStart(wanted: WantedRun, version: CurrentVersionRow, vars: Variables): NewRun['checked'] {
  const { inputs, unknownFields } = wanted;
  const { inputs: declared } = startSpecOf(version);
  try {
    const scheduledAt = wanted.slot === null ? null : scheduledAtText(wanted.slot.atMs);
    const values = declared === null ? inputs : resolveInputs(declared, inputs, unknownFields, { vars, scheduledAt });
    return {
      values,
      text: JSON.stringify(Object.fromEntries(values)),
      vars,
      varsText: variablesText(vars),
      group:
        overlapGroupOf(wanted, version) ?? groupOfRun(version.start_spec, values, valuesAtStart(wanted, version), vars),
    };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** A schedule whose runs are in a group of their own stands in a file without one. */
function overlapGroupOf({ slot }: WantedRun, { workflow_id }: CurrentVersionRow): RunGroup | null {
  return slot === null ? null : overlapGroup(workflow_id, slot.schedule, slot.overlap);
}

/** The values that expressions see of a run that is about to start and has no name yet. */
export function valuesAtStart(run: WantedRun, version: CurrentVersionRow): RunValues {
  const scheduledAtMs = run.slot?.atMs ?? null;
  const facts = { id: run.id, workflowId: version.workflow_id, trigger: triggerOf(run), scheduledAtMs };
  return runValues({ ...facts, name: version.name });
}

export function checkedOf({ checked }: NewRun): CheckedInputs {
  if (checked instanceof DomainError) throw checked;
  return checked;
}

export function triggerOf({ slot }: WantedRun): RunTrigger {
  return slot === null ? 'api' : 'schedule';
}

export function startSpecOf({ start_spec }: CurrentVersionRow): StartSpec {
  return start_spec === null ? { inputs: null } : (JSON.parse(start_spec) as StartSpec);
}
