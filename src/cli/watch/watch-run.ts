import type { Client, Job, Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { printLines, stdoutPaint } from '../print.js';
import { markOf, paintState } from '../states.js';
import { isLive } from '../terminal/palette.js';
import { duration } from '../terminal/times.js';
import { jobPrefix } from './job-prefix.js';
import { readLastLines } from './last-lines.js';
import { countStates, describeCounts, describeTolerated } from './live-frame.js';
import { pollRun } from './poll-run.js';
import { watchLive } from './watch-live.js';
import { watchPlain } from './watch-plain.js';

export interface Watching {
  readonly client: Client;
  readonly runId: string;
  /** Stops watching; the run continues. */
  readonly signal: AbortSignal;
  /** A message to show under the jobs. */
  readonly note: () => string | null;
  /** Whether to print the output of jobs; null: only without a live view. */
  readonly logs: boolean | null;
  /** Whether to show nothing. */
  readonly quiet: boolean;
}

/** Shows a run until it has ended; null when watching was stopped first. */
export async function watchRun(watching: Watching): Promise<Workflow | null> {
  if (watching.quiet) return watchQuietly(watching);
  const live = isLive(process.stdout, process.env);
  const withLogs = watching.logs ?? !live;
  const ended = live ? await watchLive(watching, withLogs) : await watchPlain(watching, withLogs);
  if (ended === null) return null;
  if (!withLogs) await printFailures(watching.client, ended);
  if (!live) await printEnd(ended);
  return ended;
}

async function watchQuietly({ client, runId, signal }: Watching): Promise<Workflow | null> {
  let last: Workflow | null = null;
  for await (const seen of pollRun(client, runId, signal, { withChildren: false }))
    if (seen.kind === 'state') last = seen.workflow;
  return signal.aborted ? null : last;
}

/** Failed jobs that are shown, and last lines of each. */
const failuresShown = 3;
const failureLines = 15;

/** The failed jobs; a job with a matrix is replaced by those of its children that failed. */
async function failuresOf(client: Client, { id, run_id, jobs }: Workflow): Promise<readonly Job[]> {
  const failed: Job[] = [];
  for (const job of jobs.filter(({ status }) => status === 'failure')) {
    const isNode = (job.children?.failed ?? 0) > 0;
    const children = isNode ? (await client.childrenOf(run_id ?? id, job.id)).jobs : [job];
    failed.push(...children.filter(({ status }) => status === 'failure'));
  }
  return failed;
}

async function printFailures(client: Client, workflow: Workflow): Promise<void> {
  const failed = await failuresOf(client, workflow);
  const prefix = jobPrefix(workflow);
  for (const job of failed.slice(0, failuresShown)) {
    const { attempt, id } = job;
    const lines = await readLastLines(client, workflow.run_id ?? workflow.id, id, { attempt, count: failureLines });
    await printLines(['', failureHeading(job), ...lines.map((line) => `${prefix(id)}${line.text}`)]);
  }
  const more = failed.length - failuresShown;
  if (more > 0) await printLines(['', `… and ${more} more failed`]);
}

function failureHeading({ id, output, attempt, tolerated }: Job): string {
  const error = escapeLine((output ?? '').trim().split('\n', 1)[0] ?? '');
  const tries = `${tolerated === true ? ' (tolerated)' : ''}${attempt === 0 ? '' : ` (attempt ${attempt})`}`;
  return `${paintState(stdoutPaint(), 'failure', `${markOf('failure')} ${escapeLine(id)}`)}${tries}: ${error}`;
}

function printEnd(workflow: Workflow): Promise<void> {
  const { state, started_at_ms, created_at_ms, ended_at_ms, jobs } = workflow;
  const took = duration((ended_at_ms ?? 0) - (started_at_ms ?? created_at_ms ?? 0));
  const shown = state ?? 'queued';
  return printLines([
    `${paintState(stdoutPaint(), shown, `${markOf(shown)} ${escapeLine(workflow.name)}: ${shown}`)} after ${took} (${describeCounts(countStates(jobs))}${describeTolerated(jobs)})`,
  ]);
}
