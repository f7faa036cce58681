import { declaredInputs } from '../../domain/definition/read-inputs.js';
import { namesStarter, runName } from '../../domain/run-name.js';
import { scheduledAtText } from '../../domain/schedule/schedule-inputs.js';
import { insertJobsOfRuns, insertRuns } from '../../store/statements/start-runs.js';
import { tokenNames } from '../../store/statements/tokens.js';
import type { BatchContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Asked } from './group-place.js';
import { decideRoots, isLarge } from './large-run.js';
import { checkedOf, type NewRun, startSpecOf, triggerOf, valuesAtStart } from './wanted-run.js';

/**
 * Stores runs, with their jobs unless they are large.
 *
 * @param asked set for runs in a group: a later transaction decides their jobs, unless they must wait
 */
export async function insertNewRuns(
  context: BatchContext,
  batch: Batch,
  runs: readonly NewRun[],
  asked: Asked | null = null,
): Promise<Map<string, number>> {
  if (runs.length === 0) return new Map();
  const names = await runNames(batch, runs);
  const stored = await insertRuns.run(batch.connection, {
    rows: runs.map((run) => ({
      id: run.id,
      workflow: run.version.workflow,
      version: run.version.version,
      state: isLarge(run.version) ? 'creating' : 'queued',
      inputs: checkedOf(run).text,
      request_hash: run.requestHash,
      job_count: run.version.job_count,
      created_at_ms: batch.nowMs,
      activate_from: isLarge(run.version) ? 0 : null,
      traceparent: run.traceparent,
      started_by: run.by,
      rerun_of: run.rerunOf,
      name: names.get(run.id) ?? null,
      trigger: triggerOf(run),
      schedule: run.slot?.schedule ?? null,
      scheduled_at_ms: run.slot?.atMs ?? null,
      backfill: run.slot?.backfill ?? null,
      vars: checkedOf(run).varsText,
      timeout_ms: timeoutMsOf(run),
    })),
  });
  const numbers = new Map(stored.map((run) => [run.id, run.no]));
  for (const run of runs) {
    const { id, version, by, slot } = run;
    const scheduled = slot === null ? {} : { schedule: slot.schedule, scheduled_at: scheduledAtText(slot.atMs) };
    const data = { workflow: version.workflow_id, ...scheduled };
    batch.changes.audits.push({ action: 'run.started', subject: id, source: triggerOf(run), actor: by, data });
  }
  const numberOf = (run: NewRun): number => {
    const no = numbers.get(run.id);
    if (no === undefined) throw new Error(`run ${run.id} was not stored`);
    return no;
  };
  for (const run of runs) {
    batch.newRuns.set(numberOf(run), {
      no: numberOf(run),
      id: run.id,
      workflowId: run.version.workflow_id,
      version: run.version.version,
      inputs: checkedOf(run).values,
      inputsChars: checkedOf(run).text.length + (checkedOf(run).varsText?.length ?? 0),
      vars: checkedOf(run).vars,
      jobCount: run.version.job_count,
      survivorCount: run.version.survivor_count,
      traceparent: run.traceparent,
      name: names.get(run.id) ?? run.version.name,
      trigger: triggerOf(run),
      scheduledAtMs: run.slot?.atMs ?? null,
    });
  }
  const small = runs.filter((run) => !isLarge(run.version));
  if (small.length === 0) return numbers;
  for (const run of small) batch.changes.newestRun(run.version.workflow, numberOf(run));
  await insertJobsOfRuns.run(batch.connection, {
    rows: small.map((run) => ({
      run: numberOf(run),
      version: run.version.version,
      from_ord: 0,
      to_ord: run.version.job_count,
      live: asked === null ? 1 : 0,
      at_ms: batch.nowMs,
    })),
  });
  // For all runs, before the first is decided: the batch may move to a later time from then on.
  for (const run of small) {
    const held = asked?.isHeld === true ? { data: { held: true } } : {};
    batch.changes.event('run.queued', { run: numberOf(run), ...held });
  }
  if (asked !== null) return numbers;
  for (const run of small) {
    for (const set of JSON.parse(run.version.root_label_sets) as number[]) batch.wakeups.claimable.add(set);
    if (run.version.conditional_roots > 0) {
      await decideRoots(context, batch, numberOf(run), 0, run.version.job_count);
    }
  }
  return numbers;
}

function timeoutMsOf({ version }: NewRun): number | null {
  const { timeoutSecs } = startSpecOf(version);
  return timeoutSecs === undefined ? null : Math.round(timeoutSecs * 1000);
}

/** The evaluated `run-name` of each run, by the run's id. */
async function runNames(batch: Batch, runs: readonly NewRun[]): Promise<Map<string, string | null>> {
  const named = runs.flatMap((run) => {
    const { inputs: declared, runName: source } = startSpecOf(run.version);
    return source === undefined ? [] : [{ run, source, declared: declaredInputs(declared) }];
  });
  const names = new Map<string, string | null>();
  if (named.length === 0) return names;
  const starters = new Set(
    named.flatMap(({ run, source, declared }) => {
      return run.by !== null && namesStarter(source, declared) ? [run.by] : [];
    }),
  );
  const tokens =
    starters.size === 0 ? [] : await tokenNames.run(batch.connection, { rows: [...starters].map((id) => ({ id })) });
  const nameOf = new Map(tokens.map(({ id, name }) => [id, name]));
  for (const { run, source, declared } of named) {
    const values = {
      ...valuesAtStart(run, run.version),
      started_by: nameOf.get(run.by ?? '') ?? null,
      generation: 1,
    };
    names.set(run.id, runName(source, declared, checkedOf(run).values, values, checkedOf(run).vars));
  }
  return names;
}
