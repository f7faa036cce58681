import type { Job, JobStatus, Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { isOpen, markOf, paintState, tookMs } from '../states.js';
import type { Line } from '../terminal/live-region.js';
import type { Paint } from '../terminal/palette.js';
import { cutTo, widthOf } from '../terminal/text-width.js';
import { duration } from '../terminal/times.js';
import { type FoldedRow, foldWaiting } from './fold-waiting.js';
import type { JobTree, TreeRow } from './job-tree.js';
import { noChildren, type WithChildren } from './matrix-children.js';
import { groupThatHolds, statusesOf, whatItWaitsFor } from './waiting.js';

/** The visible part of one state of a run: computed once for each poll, because a run may have very many jobs. */
export interface Picture {
  readonly workflow: Workflow;
  readonly shown: readonly TreeRow[];
  /** Number and states of the jobs that are not shown; null when all are. */
  readonly hidden: string | null;
  readonly counts: ReadonlyMap<JobStatus, number>;
  readonly statuses: ReadonlyMap<string, JobStatus>;
}

/** What changes from frame to frame around a picture. */
export interface Scene {
  /** The server's time. */
  readonly nowMs: number;
  /** Grows by one with each picture. */
  readonly tick: number;
  readonly columns: number;
  readonly paint: Paint;
  /** The last output line of a job; empty when there is none. */
  readonly lastLine: (jobId: string) => string;
  /** A message under the jobs. */
  readonly note: string | null;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Rows that are not jobs: the heading, the totals, a note, and the line with the cursor. */
const otherRows = 4;

/** Chooses what a terminal with this many rows shows of a run. */
export function composeRun(
  workflow: Workflow,
  tree: JobTree,
  rows: number,
  { children, nodeOf }: WithChildren = noChildren,
): Picture {
  const { jobs } = workflow;
  const telling = children.filter(({ status }) => status === 'running' || status === 'failure');
  const shown = mostTelling([...jobs, ...telling], Math.max(1, rows - otherRows - 1));
  const among = new Set(shown);
  const rest = jobs.filter((job) => !among.has(job));
  return {
    workflow,
    shown: tree.rows(shown, nodeOf),
    hidden: rest.length === 0 ? null : `… and ${rest.length} more (${describeCounts(countStates(rest))})`,
    counts: countStates(jobs),
    statuses: statusesOf(workflow),
  };
}

/** The run as lines: a heading, the tree of its jobs, and totals. No line is wider than the terminal. */
export function drawRun(picture: Picture, scene: Scene): Line[] {
  const { shown, hidden } = picture;
  const rows = foldWaiting(shown, ({ job }) => detail(picture, scene, job));
  const nameColumns = nameColumnsOf(scene, rows);
  const lines = [heading(picture, scene), ...rows.map((row) => jobLine(scene, row, nameColumns))];
  if (hidden !== null) lines.push(new LineBuilder(scene).add(hidden, 'dim').line);
  lines.push(totals(picture, scene));
  if (scene.note !== null) lines.push(new LineBuilder(scene).add(scene.note, 'yellow').line);
  return lines;
}

/** The jobs to draw, in the order of the definition: running ones first, then failed ones, then the next ones. */
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
  // Of ended jobs the newest; of waiting ones the first.
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
    .add(` ${escapeLine(workflow.name)}`, 'bold')
    .add(`  ${state}`, state)
    .add(`  ${took}`)
    .add(`  run ${escapeLine(workflow.run_id ?? '')}`, 'dim').line;
}

function jobLine(scene: Scene, { job, branch, name: fullName, about }: FoldedRow, nameColumns: number): Line {
  const { columns, paint, tick, nowMs } = scene;
  const mark = job.status === 'running' ? (spinner[tick % spinner.length] ?? '') : markOf(job.status);
  const took = tookMs(job, nowMs);
  const shownBranch = shortBranch(branch, columns);
  const name = cutTo(fullName, Math.max(1, nameColumns - widthOf(shownBranch) - 2));
  const fill = nameColumns - widthOf(shownBranch) - 2 - widthOf(name);
  return new LineBuilder({ columns, paint })
    .add(shownBranch, 'dim')
    .add(mark, job.status)
    .add(` ${name}${' '.repeat(Math.max(0, fill))}`)
    .add(`  ${(took === null ? '' : duration(took)).padStart(6)}`)
    .add(about === '' ? '' : `  ${about}`, job.status === 'failure' && job.tolerated !== true ? 'red' : 'dim').line;
}

function detail({ workflow, statuses }: Picture, { nowMs, lastLine }: Scene, job: Job): string {
  const attempt = job.attempt > 0 && job.status !== 'queued' ? [`attempt ${job.attempt}`] : [];
  switch (job.status) {
    case 'running':
      if (job.children != null) return childrenText(job.children);
      return [...attempt, lastLine(job.id).replaceAll('\t', ' ')].filter((part) => part !== '').join(' · ');
    case 'queued':
      return whatItWaitsFor(job, statuses, nowMs, groupThatHolds(workflow));
    case 'failure':
      return [
        ...attempt,
        ...(job.tolerated === true ? ['tolerated'] : []),
        escapeLine((job.output ?? '').trim().split('\n', 1)[0] ?? ''),
      ].join(' · ');
    case 'success':
      return attempt.join('');
    case 'skipped':
    case 'cancelled':
      return job.status;
  }
}

/** How the children of a job with a matrix stand. */
function childrenText({ total, open, failed }: NonNullable<Job['children']>): string {
  return `${total - open} of ${total} children ended${failed === 0 ? '' : `, ${failed} failed`}`;
}

function totals({ workflow, counts }: Picture, { columns, paint }: Scene): Line {
  const ended = workflow.jobs.length - (counts.get('queued') ?? 0) - (counts.get('running') ?? 0);
  const builder = new LineBuilder({ columns, paint }).add(`${ended} of ${workflow.jobs.length} jobs ended: `, 'dim');
  [...counts].forEach(([status, count], at) => {
    builder.add(at === 0 ? '' : ', ', 'dim').add(`${count} ${status}`, status);
  });
  builder.add(describeTolerated(workflow.jobs), 'dim');
  return builder.line;
}

/** The number of jobs in each state, in a fixed order, without empty states. */
export function countStates(jobs: readonly Job[]): ReadonlyMap<JobStatus, number> {
  const order: readonly JobStatus[] = ['success', 'failure', 'cancelled', 'skipped', 'running', 'queued'];
  const counts = new Map<JobStatus, number>(order.map((status) => [status, 0]));
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 0));
}

export function describeCounts(counts: ReadonlyMap<JobStatus, number>): string {
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** How many of the failed jobs count as successful, as part of a line; empty when none do. */
export function describeTolerated(jobs: readonly Job[]): string {
  const tolerated = jobs.filter((job) => job.tolerated === true).length;
  return tolerated === 0 ? '' : `, ${tolerated} tolerated`;
}

/** Names and branches get the width they need, up to nearly half of the terminal. */
function nameColumnsOf({ columns }: Scene, rows: readonly FoldedRow[]): number {
  const widest = rows.reduce(
    (most, { name, branch }) => Math.max(most, widthOf(shortBranch(branch, columns)) + 2 + widthOf(name)),
    0,
  );
  return Math.min(widest, Math.max(12, Math.floor(columns * 0.45)));
}

/** The branch of a long chain would leave no room for names: only its end is drawn. */
function shortBranch(branch: string, columns: number): string {
  const max = Math.max(6, Math.floor(columns / 4));
  return branch.length <= max ? branch : `…${branch.slice(-(max - 1))}`;
}

type Dress = Parameters<Paint>[0] | JobStatus;

/** Builds a line, and cuts it at the edge of the terminal. */
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
