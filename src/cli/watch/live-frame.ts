import type { Job, JobStatus, Workflow } from '@workflow-graph/client';
import { isOpen, markOf, paintState, tookMs } from '../states.js';
import { harmlessLine } from '../terminal/harmless.js';
import type { Line } from '../terminal/live-region.js';
import type { Paint } from '../terminal/palette.js';
import { cutTo, widthOf } from '../terminal/text-width.js';
import { duration } from '../terminal/times.js';
import type { JobTree, TreeRow } from './job-tree.js';

/** What one picture of a run is drawn from. */
export interface Scene {
  readonly workflow: Workflow;
  readonly tree: JobTree;
  /** The server's time. */
  readonly nowMs: number;
  /** Grows by one with each picture. */
  readonly tick: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** The last line that a job has printed; empty when there is none. */
  readonly lastLine: (jobId: string) => string;
  /** A message under the jobs. */
  readonly note: string | null;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Rows that are not for jobs: the heading, the totals, a note, and the line that the cursor waits on. */
const otherRows = 4;

/** The run as lines: a heading, the tree of its jobs, and totals. No line is wider than the terminal. */
export function drawRun(scene: Scene): Line[] {
  const { workflow, tree, rows } = scene;
  const shown = mostTelling(workflow.jobs, Math.max(1, rows - otherRows - 1));
  const hidden = workflow.jobs.length - shown.length;
  const treeRows = tree.rows(shown);
  const nameColumns = nameColumnsOf(scene, treeRows);
  const lines = [heading(scene), ...treeRows.map((row) => jobLine(scene, row, nameColumns))];
  if (hidden > 0) lines.push(hiddenLine(scene, new Set(shown), hidden));
  lines.push(totals(scene));
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

function heading({ workflow, nowMs, tick, columns, paint }: Scene): Line {
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

function jobLine(scene: Scene, { job, branch }: TreeRow, nameColumns: number): Line {
  const { columns, paint, tick, nowMs } = scene;
  const mark = job.status === 'running' ? (spinner[tick % spinner.length] ?? '') : markOf(job.status);
  const took = tookMs(job, nowMs);
  const about = detail(scene, job);
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

function detail({ workflow, nowMs, lastLine }: Scene, job: Job): string {
  const attempt = job.attempt > 0 && job.status !== 'queued' ? [`attempt ${job.attempt}`] : [];
  switch (job.status) {
    case 'running':
      return [...attempt, lastLine(job.id).replaceAll('\t', ' ')].filter((part) => part !== '').join(' · ');
    case 'queued':
      return whatItWaitsFor(workflow, job, nowMs);
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

function whatItWaitsFor(workflow: Workflow, job: Job, nowMs: number): string {
  if (job.delayed_until_ms != null) {
    return `attempt ${job.attempt} in ${duration(job.delayed_until_ms - nowMs)}`;
  }
  const needs = new Set(job.depends_on);
  const open = needs.size === 0 ? [] : workflow.jobs.filter(({ id, status }) => needs.has(id) && !hasEnded(status));
  if (open.length > 0) {
    const names = open.slice(0, namedNeeds).map(({ id }) => harmlessLine(id));
    const more = open.length > namedNeeds ? ` and ${open.length - namedNeeds} more` : '';
    return `waits for ${names.join(', ')}${more}`;
  }
  const labels = job.required_labels.map(harmlessLine).join(', ');
  return `waits for a worker${labels === '' ? '' : ` with ${labels}`}`;
}

function hasEnded(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

function hiddenLine({ workflow, columns, paint }: Scene, shown: ReadonlySet<Job>, hidden: number): Line {
  const counts = countStates(workflow.jobs.filter((job) => !shown.has(job)));
  return new LineBuilder({ columns, paint }).add(`… and ${hidden} more (${describeCounts(counts)})`, 'dim').line;
}

function totals({ workflow, columns, paint }: Scene): Line {
  const counts = countStates(workflow.jobs);
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
