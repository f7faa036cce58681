import { DomainError, notFound } from '../../domain/errors.js';
import { groupOfPausedWorkflow } from '../../domain/gates/pause.js';
import type { RunGroup } from '../../domain/gates/run-group.js';
import { runsByRequest } from '../../store/statements/start-runs.js';
import { type CurrentVersionRow, currentVersions, currentVersionsOfRuns } from '../../store/statements/workflows.js';
import type { BatchContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { type Asked, noteAnswer } from './group-place.js';
import { insertNewRuns } from './insert-runs.js';
import { isLarge } from './large-run.js';
import { requestHash } from './request-hash.js';
import { variablesOfVersions } from './variables-of-runs.js';
import { checkedOf, checkedStart, type NewRun, type WantedRun } from './wanted-run.js';

export interface LargeRun {
  readonly no: number;
  readonly id: string;
  readonly version: CurrentVersionRow;
  readonly group: RunGroup | null;
}

/** A run whose jobs are created from an ordinal on. */
export interface RunToFill {
  readonly no: number;
  readonly id: string;
  readonly version: number;
  readonly group: RunGroup | null;
  readonly jobCount: number;
  readonly from: number;
}

export function toFill({ no, id, version, group }: LargeRun): RunToFill {
  return { no, id, version: version.version, group, jobCount: version.job_count, from: 0 };
}

/** A run whose jobs exist and wait for its place in its group. */
export interface SmallRun {
  readonly no: number;
  readonly version: number;
  readonly jobCount: number;
  readonly from: 0;
}

export interface Started {
  readonly runId: string;
  /** Set when the run's jobs still have to be created. */
  readonly large: LargeRun | null;
  readonly asked: Asked;
  /** Set at the end of the batch for a run in a group that got its place and whose jobs can be decided. */
  small: SmallRun | null;
}

const unasked: Asked = { refusal: null, isHeld: false };

export function startOperation(context: BatchContext): Operation<WantedRun, Started> {
  return {
    name: 'start-run',
    keyOf: (run) => run.requestId,
    apply: (batch, inputs) => startRunsIn(context, batch, inputs),
  };
}

/**
 * Starts runs in a transaction; answers each with its run, or with why it cannot start, as far as that is known before
 * the transaction ends.
 */
export async function startRunsIn(
  context: BatchContext,
  batch: Batch,
  inputs: readonly WantedRun[],
): Promise<(Started | DomainError)[]> {
  const versions = await versionsToRun(batch, inputs);
  const varsOf = await variablesOfVersions(batch.connection, [...versions.values()]);
  const wanted = inputs.map((run): NewRun | null => {
    const version = versions.get(run.of);
    if (version === undefined) return null;
    const { inputsOfRun } = version;
    const asked = inputsOfRun !== null && run.inputs.size === 0 ? { ...run, inputs: readInputs(inputsOfRun) } : run;
    return {
      ...asked,
      version,
      checked: checkedStart(asked, version, varsOf(version)),
      requestHash: hashOf(run, version),
      rerunOf: inputsOfRun === null ? null : run.of,
    };
  });
  const earlier = await startedEarlier(batch, wanted);
  const fresh = wanted
    .filter((run) => run !== null)
    .filter((run) => run.version.removed_at_ms === null && !earlier.has(run.requestHash ?? ''))
    .filter((run) => !(run.checked instanceof DomainError));
  const atOnce = fresh.filter((run) => isLarge(run.version) || groupOf(context, run) === null);
  const numbers = await insertNewRuns(context, batch, atOnce);
  return wanted.map((run, at): Started | DomainError => {
    if (run === null) return notFound(`workflow or run ${JSON.stringify(inputs[at]?.of)}`);
    const { version } = run;
    const before = earlier.get(run.requestHash ?? '');
    if (before instanceof DomainError) return before;
    if (before !== undefined) return { runId: before, large: null, asked: unasked, small: null };
    if (version.removed_at_ms !== null) return removed(version);
    if (run.checked instanceof DomainError) return run.checked;
    const group = groupOf(context, run);
    if (group !== null && !isLarge(version)) return askForPlace(context, batch, run, group);
    const no = numbers.get(run.id);
    if (no === undefined) throw new Error(`run ${run.id} has no number`);
    const large = isLarge(version) ? { no, id: run.id, version, group } : null;
    return { runId: run.id, large, asked: unasked, small: null };
  });
}

/** The group of a run; while its workflow is paused, the gate of the pause, after which the run goes to its group. */
function groupOf({ pauses }: BatchContext, run: NewRun): RunGroup | null {
  const { workflow } = run.version;
  return pauses.isWorkflowPaused(workflow) ? groupOfPausedWorkflow(workflow) : checkedOf(run).group;
}

/**
 * Stores a run in a group at the end of the batch, when it is known whether the run gets a place, waits or is refused.
 */
function askForPlace(context: BatchContext, batch: Batch, run: NewRun, group: RunGroup): Started {
  const asked: Asked = { refusal: null, isHeld: false };
  const started: Started = { runId: run.id, large: null, asked, small: null };
  batch.gates.askers.push({
    runId: run.id,
    group,
    async decided(answer, holder) {
      noteAnswer(asked, group, answer, holder);
      if (asked.refusal !== null) {
        await run.slot?.refused(asked.refusal);
        return null;
      }
      const no = (await insertNewRuns(context, batch, [run], asked)).get(run.id);
      if (no === undefined) throw new Error(`run ${run.id} has no number`);
      started.small = { no, version: run.version.version, jobCount: run.version.job_count, from: 0 };
      return no;
    },
  });
  return started;
}

function readInputs(text: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}

function hashOf(run: WantedRun, version: CurrentVersionRow): string | null {
  const { requestId, by: caller } = run;
  return requestId === null ? null : requestHash('run', { caller, workflow: version.workflow_id, requestId });
}

/** A definition to run. `inputsOfRun`: the inputs of the run whose id the request named; null for a workflow's id. */
type VersionToRun = CurrentVersionRow & { readonly inputsOfRun: string | null };

/**
 * The definition to run for each requested name; none for an unknown name. The batch reads them with one statement for
 * all: a read by each call was a sixth of the cost of a job's life in workflows of ten.
 */
async function versionsToRun(batch: Batch, runs: readonly WantedRun[]): Promise<Map<string, VersionToRun>> {
  const names = new Set(runs.map((run) => run.of));
  const found = new Map<string, VersionToRun>();
  for (const row of await currentVersions.run(batch.connection, { rows: [...names].map((id) => ({ id })) })) {
    found.set(row.workflow_id, { ...row, inputsOfRun: null });
  }
  const others = [...names].filter((name) => !found.has(name));
  if (others.length === 0) return found;
  for (const row of await currentVersionsOfRuns.run(batch.connection, { rows: others.map((id) => ({ id })) })) {
    found.set(row.run_id, { ...row, inputsOfRun: row.inputs });
  }
  return found;
}

function removed({ workflow_id, source }: CurrentVersionRow): DomainError {
  const id = JSON.stringify(workflow_id);
  if (source === 'file') return notFound(`workflow ${id} was removed: its file`);
  return new DomainError('not_found', `workflow ${id} was removed`);
}

/**
 * The runs that the same requests started earlier. A run that is still in creation is not acknowledged again: after a
 * crash nothing would be left of it.
 */
async function startedEarlier(
  batch: Batch,
  runs: readonly (NewRun | null)[],
): Promise<Map<string, string | DomainError>> {
  const requests = runs.map((run) => run?.requestHash ?? null).filter((request) => request !== null);
  if (requests.length === 0) return new Map();
  const rows = await runsByRequest.run(batch.connection, { rows: requests.map((request_hash) => ({ request_hash })) });
  return new Map(rows.map((row) => [row.request_hash, row.state === 'creating' ? stillBeingMade(row.id) : row.id]));
}

function stillBeingMade(id: string): DomainError {
  return new DomainError(
    'unavailable',
    `Run ${id}, which this request started, is still being made. Send the request again in a moment.`,
  );
}
