import { isSameOutputs } from './matrix.js';
import type { Model, Place, Touched } from './model.js';
import { hasStopped } from './rules.js';
import { allJobs, type ModelRun } from './states.js';

interface JobRow {
  readonly id: number;
  readonly state: string;
  readonly attempt: number;
  readonly budget_from: number;
  readonly pending: number;
  readonly enqueued_at_ms: number | null;
  readonly delayed_until_ms: number | null;
  readonly outputs: string | null;
  readonly attempts: number;
  readonly live: number;
}

const jobsById = `select j.id, j.state, j.attempt, j.budget_from, j.pending, j.enqueued_at_ms, j.delayed_until_ms, j.outputs,
    (select count(*) from attempts a where a.job = j.id) as attempts,
    (select count(*) from attempts a where a.job = j.id and a.outcome is null) as live
  from json_each(?) as i cross join jobs as j on j.id = i.value`;

const runsByNumber = `select n.no, n.state, n.open, n.failed, n.cancelled, n.cancel_requested_at_ms, n.started_at_ms, n.generation, n.held
  from json_each(?) as i cross join runs as n on n.no = i.value`;

/** Compares the rows that a commit touched with what the model expects. */
export function compareWithDatabase(model: Model, touched: Touched): void {
  compareJobs(model, touched.jobs);
  compareRuns(model, [...touched.runs]);
}

/** Compares everything. */
export function compareAll(model: Model): void {
  const jobs = new Map<number, Place>();
  for (const run of model.runs.values())
    for (const job of allJobs(run)) jobs.set(run.no * 2 ** 20 + job.def.ord, { run, job });
  compareJobs(model, jobs);
  compareRuns(model, [...model.runs.values()]);
  const [counts] = model.database.rows<{ runs: number; jobs: number }>(
    `select (select count(*) from runs where state <> 'creating') as runs,
      (select count(*) from jobs j join runs n on n.no = j.id / 1048576 where n.state <> 'creating') as jobs`,
  );
  if (counts?.runs !== model.runs.size || counts.jobs !== jobs.size) {
    model.violated('the database holds what the model holds', `${counts?.runs} runs, ${counts?.jobs} jobs`);
  }
}

function compareJobs(model: Model, places: ReadonlyMap<number, Place>): void {
  if (places.size === 0) return;
  const rows = model.database.rows<JobRow>(jobsById, JSON.stringify([...places.keys()]));
  if (rows.length !== places.size) model.violated('every job of a run is there', `${rows.length} of ${places.size}`);
  for (const row of rows) {
    const place = places.get(row.id);
    if (place === undefined) continue;
    const wrong = differences(model, place, row);
    if (wrong.length === 0) continue;
    model.violated(
      'the database holds what the model holds',
      `${place.run.no}/${place.job.def.key}: ${wrong.join(', ')}`,
    );
  }
}

function differences(model: Model, { run, job }: Place, row: JobRow): string[] {
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, right: unknown) => {
    if (found !== right) wrong.push(`${what} is ${found}, not ${right}`);
  };
  expect('state', row.state, job.state);
  expect('attempt', row.attempt, job.attempt);
  expect('budget from', row.budget_from, job.budgetFrom);
  expect('attempts', row.attempts, job.attempts.filter(({ outcome }) => outcome !== 'released').length);
  const isStopping = job.state === 'cancelled' && job.attempts.at(-1)?.outcome === null;
  expect('live leases', row.live, job.state === 'running' || isStopping ? 1 : 0);
  if (job.state === 'queued') expect('enqueued at', row.enqueued_at_ms, job.enqueuedAtMs);
  if (job.state === 'delayed') expect('delayed until', row.delayed_until_ms, job.delayedUntilMs);
  if (job.def.matrix != null) {
    const stored = new Map(Object.entries(JSON.parse(row.outputs ?? '{}') as Record<string, string>));
    expect('joined outputs', isSameOutputs(stored, job.outputs), true);
  } else if (job.state !== 'success') expect('outputs', row.outputs, null);
  if (job.state === 'waiting' && job.node === null && !run.definition.isLarge) {
    const open = job.def.needs.filter((ord) => {
      const need = run.jobs[ord];
      return need === undefined || !hasStopped(run, need);
    }).length;
    if (row.pending !== open && !model.isCutShort(run)) expect('open needs', row.pending, open);
  }
  return wrong;
}

function compareRuns(model: Model, runs: readonly ModelRun[]): void {
  const rows = model.database.rows<Record<string, unknown> & { no: number }>(
    runsByNumber,
    JSON.stringify(runs.map(({ no }) => no)),
  );
  for (const row of rows) {
    const run = model.run(row.no);
    if (run === null) continue;
    const isSame =
      row.state === run.state &&
      row.open === run.open &&
      row.failed === run.failed &&
      row.cancelled === run.cancelled &&
      row.generation === run.generation &&
      row.held === (run.isHeld ? 1 : 0) &&
      (row.cancel_requested_at_ms !== null) === run.cancelRequests > 0;
    if (!isSame) {
      model.violated(
        'the database holds what the model holds',
        `run ${run.no}: ${JSON.stringify(row)}, not ${run.state}`,
      );
    }
  }
}
