import type { Random } from '../../crash/random.js';
import type { GroupDef } from './groups.js';
import type { JobGroupDef } from './job-groups.js';
import type { RetryCause } from './keys.js';
import type { MatrixDef } from './matrix.js';

/** The labels that jobs ask for and workers offer. */
export const allLabels = ['arm', 'big', 'gpu', 'linux'] as const;

/** How a job's needs ended, as its condition may ask. */
interface NeedsEnded {
  /** As it ended; a tolerated failure is a `failure` here. */
  result(key: string): string;
  output(key: string, name: string): string | null;
  /** How the needs count: a tolerated failure as a `success`. */
  readonly results: readonly string[];
  readonly inputs: ReadonlyMap<string, string>;
  readonly runCancelled: boolean;
}

/** A condition, written down for the server and, apart from that, as what it means. */
export interface ConditionDef {
  readonly text: string;
  readonly survivesCancel: boolean;
  readonly holds: (needs: NeedsEnded) => boolean;
}

export interface BackoffDef {
  readonly kind: 'none' | 'fixed' | 'exponential';
  readonly baseSecs: number;
  readonly maxSecs: number;
  readonly jitter: boolean;
}

/** A job as the simulation wrote it, not as the server read it. */
export interface JobDef {
  readonly ord: number;
  readonly key: string;
  readonly needs: readonly number[];
  readonly labels: readonly string[];
  readonly priority: number;
  readonly retries: number;
  readonly backoff: BackoffDef;
  readonly timeoutSecs: number | null;
  readonly condition: ConditionDef | null;
  readonly command: string;
  /**
   * Whether its labels, priority and timeout are written as expressions that come to the same; `broken`: and one of them has no
   * value, so that the job fails where it would become claimable.
   */
  readonly expressions: 'none' | 'computed' | 'broken';
  /** Its group; absent or null when it is in none. */
  readonly group?: JobGroupDef | null;
  /** Its matrix; absent or null when it has none. */
  readonly matrix?: MatrixDef | null;
  /** How long it may be claimable or held; absent or null for any time. */
  readonly queueTimeoutSecs?: number | null;
  /** What its retries follow; absent or null for anything. */
  readonly retryOn?: readonly RetryCause[] | null;
  /** Whether its failure counts as success. */
  readonly tolerates?: boolean;
}

export interface Definition {
  /** Unique in its world; the server hands it back as the workflow's name. */
  readonly name: string;
  readonly jobs: readonly JobDef[];
  /** Of each job, the jobs that need it. */
  readonly dependants: readonly (readonly number[])[];
  readonly format: 'json' | 'yaml';
  readonly text: string;
  /** So many jobs that the server makes, activates and cancels its runs in pieces. */
  readonly isLarge: boolean;
  /** The concurrency of its runs; null when there is none. */
  readonly group: GroupDef | null;
  /** The timeout of its runs; absent or null when there is none. */
  readonly timeoutSecs?: number | null;
}

export const always = (text: string, holds: ConditionDef['holds']): ConditionDef => ({
  text,
  survivesCancel: true,
  holds,
});
export const plain = (text: string, holds: ConditionDef['holds']): ConditionDef => ({
  text,
  survivesCancel: false,
  holds,
});
const isSuccess = ({ results, runCancelled }: NeedsEnded) =>
  !runCancelled && results.every((result) => result === 'success');

function drawCondition(random: Random, needs: readonly string[]): ConditionDef {
  const general: ConditionDef[] = [
    always('always()', () => true),
    plain("inputs.mode == 'fast'", (on) => isSuccess(on) && on.inputs.get('mode') === 'fast'),
    always('cancelled()', (on) => on.runCancelled || on.results.includes('cancelled')),
    plain('failure()', (on) => on.results.includes('failure')),
    plain('success() || failure()', (on) => isSuccess(on) || on.results.includes('failure')),
  ];
  const key = needs.length === 0 ? null : random.pick(needs);
  if (key === null) return random.pick(general);
  return random.pick([
    ...general,
    always(`needs.${key}.result == 'skipped' && always()`, (on) => on.result(key) === 'skipped'),
    plain(`needs.${key}.outputs.v == 'a'`, (on) => isSuccess(on) && on.output(key, 'v') === 'a'),
    always(`always() && needs.${key}.outputs.v != 'a'`, (on) => on.output(key, 'v') !== 'a'),
    always(
      `!cancelled() && needs.${key}.result != 'failure'`,
      (on) => !(on.runCancelled || on.results.includes('cancelled')) && on.result(key) !== 'failure',
    ),
  ]);
}

export function drawBackoff(random: Random): BackoffDef {
  const kind = random.pick(['none', 'none', 'fixed', 'exponential'] as const);
  return { kind, baseSecs: random.within(1, 3), maxSecs: random.within(4, 12), jitter: random.chance(0.5) };
}

/** A random graph; `name` is what the model knows it by. */
export function drawDefinition(random: Random, name: string): Definition {
  const count = random.pick([1, 2, 3, 4, 5, 6, 8, 12, 20]);
  const density = random.next();
  const jobs: JobDef[] = [];
  for (let ord = 0; ord < count; ord++) {
    const earlier = jobs.map((job) => job.ord);
    const needs = earlier.filter(() => random.chance((density * 3) / Math.max(3, ord)));
    const keys = needs.map((need) => jobs[need]?.key ?? '');
    jobs.push({
      ord,
      key: `j${ord}`,
      needs,
      labels: allLabels.filter(() => random.chance(0.18)),
      priority: random.pick([-5, 0, 0, 0, 5, 100]),
      retries: random.pick([0, 0, 1, 2, 4]),
      backoff: drawBackoff(random),
      timeoutSecs: random.chance(0.25) ? random.within(2, 20) : null,
      condition: random.chance(0.35) ? drawCondition(random, keys) : null,
      command: 'work',
      expressions: random.pick([
        'none',
        'none',
        'none',
        'none',
        'none',
        'computed',
        'computed',
        'computed',
        'broken',
      ] as const),
    });
  }
  return { ...finished(name, jobs), format: 'json', text: jsonText(name, jobs) };
}

/** The definition of these jobs, but for its text. */
export function finished(
  name: string,
  jobs: readonly JobDef[],
): Pick<Definition, 'name' | 'jobs' | 'dependants' | 'isLarge' | 'group'> {
  const dependants: number[][] = jobs.map(() => []);
  for (const job of jobs) for (const need of job.needs) dependants[need]?.push(job.ord);
  return { name, jobs, dependants, isLarge: jobs.length > 2_000, group: null };
}

/** The jobs as a workflow file in JSON. */
function jsonText(name: string, jobs: readonly JobDef[]): string {
  const written = jobs.map((job) => [
    job.key,
    {
      ...(job.ord % 3 === 1 ? { steps: [{ run: job.command }, { run: 'true' }] } : { run: job.command }),
      ...(job.needs.length === 0 ? {} : { needs: job.needs.map((need) => jobs[need]?.key) }),
      ...(job.labels.length === 0 ? {} : { labels: [...job.labels].reverse().map((label) => text(job, label)) }),
      ...(job.priority === 0 && job.expressions !== 'broken' ? {} : { priority: number(job, job.priority) }),
      ...(job.retries === 0 ? {} : { retries: job.retries }),
      ...(job.backoff.kind === 'none' ? {} : { backoff: writtenBackoff(job.backoff) }),
      ...(job.timeoutSecs === null
        ? {}
        : { timeout: job.expressions === 'none' ? job.timeoutSecs : `\${{ ${job.timeoutSecs} }}s` }),
      ...(job.condition === null ? {} : { if: job.condition.text }),
      ...(job.expressions === 'none'
        ? {}
        : { env: { KEY: '\x24{{ job.key }} \x24{{ job.attempt }} \x24{{ inputs.mode }}' } }),
    },
  ]);
  return JSON.stringify({ name, on: 'push', jobs: Object.fromEntries(written) });
}

function text(job: JobDef, label: string): string {
  return job.expressions === 'none' ? label : `\${{ '${label}' }}`;
}

function number(job: JobDef, priority: number): number | string {
  if (job.expressions === 'none') return priority;
  return `\${{ fromJSON('${job.expressions === 'broken' ? 'none' : priority}') }}`;
}

function writtenBackoff({ kind, baseSecs, maxSecs, jitter }: BackoffDef): object {
  return kind === 'fixed' ? { fixed: baseSecs } : { exponential: { base: baseSecs, max: maxSecs, jitter } };
}
