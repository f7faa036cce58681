import type { Job, JobStatus, Workflow } from '@workflow-graph/client';
import { isOpen, markOf, paintState, tookMs } from '../states.js';
import { harmlessLine } from '../terminal/harmless.js';
import type { Line } from '../terminal/live-region.js';
import type { Paint } from '../terminal/palette.js';
import { cutTo, widthOf } from '../terminal/text-width.js';
import { duration } from '../terminal/times.js';
import type { JobTree, TreeRow } from './job-tree.js';

/** What is to be seen of one state of a run: made once for each look, as a run may have very many jobs. */
export interface Picture {
  readonly workflow: Workflow;
  readonly shown: readonly TreeRow[];
  /** How many jobs are not shown, and in which states; null when all are. */
  readonly hidden: string | null;
  readonly counts: ReadonlyMap<JobStatus, number>;
  readonly statuses: ReadonlyMap<string, JobStatus>;
}

/** Around a picture, what changes from frame to frame. */
export interface Scene {
  /** The server's time. */
  readonly nowMs: number;
  /** Grows by one with each picture. */
  readonly tick: number;
  readonly columns: number;
  readonly paint: Paint;
  /** The last line that a job has printed; empty when there is none. */
  readonly lastLine: (jobId: string) => string;
  /** A message under the jobs. */
  readonly note: string | null;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Rows that are not for jobs: the heading, the totals, a note, and the line that the cursor waits on. */
const otherRows = 4;

/** Chooses what is shown of a run on a terminal of so many rows. */
export function composeRun(workflow: Workflow, tree: JobTree, rows: number): Picture {
  const { jobs } = workflow;
  const shown = mostTelling(jobs, Math.max(1, rows - otherRows - 1));
  const among = new Set(shown);
  const rest = shown.length === jobs.length ? [] : jobs.filter((job) => !among.has(job));
  return {
    workflow,
    shown: tree.rows(shown),
    hidden: rest.length === 0 ? null : `… and ${rest.length} more (${describeCounts(countStates(rest))})`,
    counts: countStates(jobs),
    statuses: statusesOf(workflow),
  };
}

/** The run as lines: a heading, the tree of its jobs, and totals. No line is wider than the terminal. */
export function drawRun(picture: Picture, scene: Scene): Line[] {
  const { shown, hidden } = picture;
  const nameColumns = nameColumnsOf(scene, shown);
  const lines = [heading(picture, scene), ...shown.map((row) => jobLine(picture, scene, row, nameColumns))];
  if (hidden !== null) lines.push(new LineBuilder(scene).add(hidden, 'dim').line);
  lines.push(totals(picture, scene));
  if (scene.note !== null) lines.push(new LineBuilder(scene).add(scene.note, 'yellow').line);
  return lines;
}

/** The jobs that are drawn, in the order of the definition: what runs first, then what failed, then what is next. */
export function mostTelling(jobs: readonly Job[], max: number): readonly Job[] {
  if (jobs.length <= max) return jobs;
  const ended = new Set(jobs.filter(({ status }) => status !== 'queued' && status !== 'running').map(({ id }) => id));
  const rank = (job: Job): number => {
    if (job.status === 'running') return 0;
    if (job.status === 'failure') return 1;
    if (job.status === 'queued') return job.depends_on.every((need) => ended.has(need)) ? 2 : 4;
    return job.status === 'success' ? 3 : 5;
  };
  const ranked = jobs.map((job) => ({ job, rank: rank(job) }));
  // Of what has ended, the newest; of what waits, the first.
  ranked.sort((a, b) => a.rank - b.rank || (a.rank === 3 ? (b.job.ended_at ?? 0) - (a.job.ended_at ?? 0) : 0));
  const chosen = new Set(ranked.slice(0, max).map(({ job }) => job));
  return jobs.filter((job) => chosen.has(job));
}

function heading({ workflow }: Picture, { nowMs, tick, columns, paint }: Scene): Line {
  const state = workflow.state ?? 'queued';
  const mark = isOpen(state) ? (spinner[tick % spinner.length] ?? '') : markOf(state);
  const startMs = workflow.started_at_ms ?? workflow.created_at_ms ?? nowMs;
  const took = duration((workflow.ended_at_ms ?? nowMs) - startMs);
  return new LineBuilder({ columns, paint })
    .add(mark, state)
    .add(` ${harmlessLine(workflow.name)}`, 'bold')
    .add(`  ${state}`, state)
    .add(`  ${took}`)
    .add(`  run ${harmlessLine(workflow.run_id ?? '')}`, 'dim').line;
}

function jobLine(picture: Picture, scene: Scene, { job, branch }: TreeRow, nameColumns: number): Line {
  const { columns, paint, tick, nowMs } = scene;
  const mark = job.status === 'running' ? (spinner[tick % spinner.length] ?? '') : markOf(job.status);
  const took = tookMs(job, nowMs);
  const about = detail(picture, scene, job);
  const shownBranch = shortBranch(branch, columns);
  const name = cutTo(harmlessLine(job.id), Math.max(1, nameColumns - widthOf(shownBranch) - 2));
  const fill = nameColumns - widthOf(shownBranch) - 2 - widthOf(name);
  return new LineBuilder({ columns, paint })
    .add(shownBranch, 'dim')
    .add(mark, job.status)
    .add(` ${name}${' '.repeat(Math.max(0, fill))}`)
    .add(`  ${(took === null ? '' : duration(took)).padStart(6)}`)
    .add(about === '' ? '' : `  ${about}`, job.status === 'failure' ? 'red' : 'dim').line;
}

function detail({ statuses }: Picture, { nowMs, lastLine }: Scene, job: Job): string {
  const attempt = job.attempt > 0 && job.status !== 'queued' ? [`attempt ${job.attempt}`] : [];
  switch (job.status) {
    case 'running':
      return [...attempt, lastLine(job.id).replaceAll('\t', ' ')].filter((part) => part !== '').join(' · ');
    case 'queued':
      return whatItWaitsFor(job, statuses, nowMs);
    case 'failure':
      return [...attempt, harmlessLine((job.output ?? '').trim().split('\n', 1)[0] ?? '')].join(' · ');
    case 'success':
      return attempt.join('');
    case 'skipped':
    case 'cancelled':
      return job.status;
  }
}

/** How many needs a line names. */
const namedNeeds = 3;

/** What a queued job waits for, in short: a retry, needs, or a worker. */
export function whatItWaitsFor(job: Job, statuses: ReadonlyMap<string, JobStatus>, nowMs: number): string {
  if (job.delayed_until_ms != null) {
    return `attempt ${job.attempt} in ${duration(job.delayed_until_ms - nowMs)}`;
  }
  const open = job.depends_on.filter((need) => !hasEnded(statuses.get(need) ?? 'queued'));
  if (open.length > 0) {
    const names = open.slice(0, namedNeeds).map(harmlessLine);
    const more = open.length > namedNeeds ? ` and ${open.length - namedNeeds} more` : '';
    return `waits for ${names.join(', ')}${more}`;
  }
  const labels = job.required_labels.map(harmlessLine).join(', ');
  return `waits for a worker${labels === '' ? '' : ` with ${labels}`}`;
}

/** The state of each job by its key. */
export function statusesOf({ jobs }: Workflow): ReadonlyMap<string, JobStatus> {
  return new Map(jobs.map(({ id, status }) => [id, status]));
}

function hasEnded(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

function totals({ workflow, counts }: Picture, { columns, paint }: Scene): Line {
  const ended = workflow.jobs.length - (counts.get('queued') ?? 0) - (counts.get('running') ?? 0);
  const builder = new LineBuilder({ columns, paint }).add(`${ended} of ${workflow.jobs.length} jobs ended: `, 'dim');
  [...counts].forEach(([status, count], at) => {
    builder.add(at === 0 ? '' : ', ', 'dim').add(`${count} ${status}`, status);
  });
  return builder.line;
}

/** How many jobs are in each state, in a fixed order, without those that no job is in. */
export function countStates(jobs: readonly Job[]): ReadonlyMap<JobStatus, number> {
  const order: readonly JobStatus[] = ['success', 'failure', 'cancelled', 'skipped', 'running', 'queued'];
  const counts = new Map<JobStatus, number>(order.map((status) => [status, 0]));
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 0));
}

export function describeCounts(counts: ReadonlyMap<JobStatus, number>): string {
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** Names and branches get what they need, up to nearly half of the terminal. */
function nameColumnsOf({ columns }: Scene, rows: readonly TreeRow[]): number {
  const widest = rows.reduce(
    (most, { job, branch }) =>
      Math.max(most, widthOf(shortBranch(branch, columns)) + 2 + widthOf(harmlessLine(job.id))),
    0,
  );
  return Math.min(widest, Math.max(12, Math.floor(columns * 0.45)));
}

/** A long chain would leave no room for its names: only the end of its branch is drawn. */
function shortBranch(branch: string, columns: number): string {
  const max = Math.max(6, Math.floor(columns / 4));
  return branch.length <= max ? branch : `…${branch.slice(-(max - 1))}`;
}

type Dress = Parameters<Paint>[0] | JobStatus;

/** Puts a line together, and cuts it at the edge of the terminal. */
class LineBuilder {
  readonly #columns: number;
  readonly #paint: Paint;
  #text = '';
  #width = 0;

  constructor({ columns, paint }: Pick<Scene, 'columns' | 'paint'>) {
    this.#columns = columns;
    this.#paint = paint;
  }

  add(text: string, dress?: Dress): this {
    const room = this.#columns - this.#width;
    if (text === '' || room <= 0) return this;
    const shown = cutTo(text, room);
    this.#width += widthOf(shown);
    this.#text += dress === undefined ? shown : this.#dressed(shown, dress);
    return this;
  }

  get line(): Line {
    return { text: this.#text, width: this.#width };
  }

  #dressed(text: string, dress: Dress): string {
    return dress in stateNames ? paintState(this.#paint, dress as JobStatus, text) : this.#paint(dress as never, text);
  }
}

const stateNames: Readonly<Record<JobStatus, true>> = {
  queued: true,
  running: true,
  success: true,
  failure: true,
  skipped: true,
  cancelled: true,
};
