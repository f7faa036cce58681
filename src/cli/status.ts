import { Command, Option } from 'commander';
import type { Job, Workflow } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJobResult } from './job-result.js';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { isOpen, markOf, paintState, stateOfJob, tookMs } from './states.js';
import { summaries } from './summaries.js';
import { sizeText } from './terminal/sizes.js';
import { ago, duration, localTime } from './terminal/times.js';
import { jobTitle, type NamedJob } from './watch/job-title.js';
import { groupBy, groupedMin, groupThatHolds, nameJobs, statusesOf, whatItWaitsFor } from './watch/waiting.js';
import { watchToEnd } from './watch/watch-to-end.js';

interface StatusFlags extends ServerFlags {
  readonly watch?: boolean;
  readonly logs?: boolean;
  readonly all?: boolean;
  readonly children?: string;
  readonly job?: string;
}

/** `workflow-graph status`: shows a run and its jobs. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description(summaries.status)
    .argument('<run>', runArgument)
    .option('-w, --watch', 'watch until the run has ended')
    .option('--all', 'one row for each job, also for jobs that wait for the same thing')
    .option('--children <job>', 'show the children of a job with a matrix')
    .addOption(
      new Option('--job <job>', 'show one job with its outputs and the whole of its error text').conflicts([
        'watch',
        'children',
      ]),
    )
    .option('--logs', 'with --watch: also print the output of the jobs')
    .option('--no-logs', 'with --watch: print only changes of state');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'With --watch the exit code is 1 when the run failed or was cancelled. Ctrl-C stops watching; the run continues.',
    ],
    examples: [
      'workflow-graph status ci',
      'workflow-graph status 01a2004b-6fc8 --watch',
      'workflow-graph status 01a2004b-6fc8 --children test',
      "workflow-graph status ci --job build --json | jq '.job.outputs'",
      `workflow-graph status ci --json | jq '.jobs[] | select(.attempt > 0)'`,
    ],
  });
  return command.action((id: string, flags: StatusFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        const { children, job } = flags;
        if (job !== undefined) {
          const { run_id } = await client.explain(id, job);
          const details = await client.job(run_id, job);
          if (flags.json) await printJson(details);
          else await printJobResult(details);
          return;
        }
        const workflow = children === undefined ? await client.status(id) : await client.childrenOf(id, children);
        if (children !== undefined || !flags.watch || workflow.run_id === null) {
          if (flags.json) await printJson(workflow);
          else await printStatus(workflow, flags);
          return;
        }
        const ended = await watchToEnd(client, workflow.run_id, flags);
        if (flags.json) await printJson(ended);
        process.exitCode = ended.state === 'success' ? exitCodes.done : exitCodes.failed;
      },
      { run: id, job: flags.job },
    ),
  );
}

/** A row: one job, or queued jobs that wait for the same thing. */
interface Row {
  readonly job: Job;
  readonly name: string;
  readonly notes: string;
}

async function printStatus(workflow: Workflow, { all, children }: StatusFlags): Promise<void> {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  await printLines([...headingOf(workflow, nowMs), '']);
  await printTable<Row>(
    [
      {
        heading: '  JOB',
        text: ({ job, name }) => `${markOf(job.status)} ${name}`,
        paint: ({ job }, text) => paintState(paint, job.status, text),
      },
      {
        heading: 'STATUS',
        text: ({ job }) => stateOfJob(job),
        paint: ({ job }, text) => paintState(paint, job.status, text),
      },
      { heading: 'ATTEMPT', text: ({ job }) => (job.started_at === null ? '' : String(job.attempt)) },
      { heading: 'TOOK', text: ({ job }) => tookText(job, nowMs) },
      { heading: 'WORKER', text: ({ job }) => escapeLine(job.worker_id ?? '') },
      { heading: 'NOTES', text: ({ notes }) => notes, wraps: true },
    ],
    rowsOf(workflow, nowMs, all === true, children === undefined ? undefined : { id: children, name: '' }),
    'It has no jobs.',
  );
}

function rowsOf(workflow: Workflow, nowMs: number, isEach: boolean, node: NamedJob | undefined): Row[] {
  const statuses = statusesOf(workflow);
  const heldBy = groupThatHolds(workflow);
  const noted = workflow.jobs.map((job) => ({ job, notes: notesOf(job, statuses, nowMs, heldBy) }));
  // Jobs without an attempt have no other columns, so one row can stand for several.
  const keyOf = ({ job, notes }: (typeof noted)[number]) =>
    !isEach && job.status === 'queued' && job.started_at === null ? `=${notes}` : job.id;
  return [...groupBy(noted, keyOf).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length < groupedMin) return group.map(({ job, notes }) => ({ job, name: jobTitle(job, node), notes }));
    const name = `${group.length} jobs`;
    const which = nameJobs(group.map(({ job }) => job.id));
    return [{ job: first.job, name, notes: `${first.notes} (${which})` }];
  });
}

function headingOf(workflow: Workflow, nowMs: number): string[] {
  const paint = stdoutPaint();
  const { state, run_id, created_at_ms, started_at_ms, ended_at_ms, trigger, inputs, started_by, run_name } = workflow;
  const name = `${paint('bold', escapeLine(workflow.name))} (${escapeLine(workflow.workflow)}, version ${workflow.version})`;
  if (state === null || run_id === null) return [`${name} has not run yet`, detail('trigger', trigger)];
  const took = started_at_ms === null ? '' : duration((ended_at_ms ?? nowMs) - started_at_ms);
  const { held, group, run_trigger, timed_out } = workflow;
  const late = timed_out === true ? ', longer than its timeout' : '';
  const shown = took === '' ? state : `${state} ${isOpen(state) ? 'for' : 'after'} ${took}${late}`;
  const by = started_by == null ? '' : ` by ${started_by}`;
  const given = Object.entries(inputs ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    `${paintState(paint, state, markOf(state))} ${name}: ${paintState(paint, state, shown)}`,
    ...(run_name == null ? [] : [detail('name', run_name)]),
    detail('run', run_id),
    ...(created_at_ms === null
      ? []
      : [detail('created', `${localTime(created_at_ms)} (${ago(created_at_ms, nowMs)})${by}`)]),
    ...(started_at_ms === null ? [] : [detail('started', localTime(started_at_ms))]),
    ...(ended_at_ms === null ? [] : [detail('ended', localTime(ended_at_ms))]),
    ...(group == null ? [] : [detail('group', held === true ? `${group} (waits for a place)` : group)]),
    // A server from before schedules does not say what started the run.
    detail('trigger', scheduledText(workflow) ?? run_trigger ?? trigger),
    ...given.map((input, at) => detail(at === 0 ? 'inputs' : '', input)),
  ];
}

/** The schedule and scheduled time of the run; null when no schedule started it. */
function scheduledText({ schedule, scheduled_at_ms }: Workflow): string | null {
  if (schedule == null || scheduled_at_ms == null) return null;
  return `schedule ${schedule} of ${localTime(scheduled_at_ms)}`;
}

function detail(name: string, text: string): string {
  return `  ${stdoutPaint()('dim', name.padEnd(7))} ${escapeLine(text)}`;
}

function tookText(job: Job, nowMs: number): string {
  const took = tookMs(job, nowMs);
  return took === null ? '' : duration(took);
}

function notesOf(job: Job, statuses: ReturnType<typeof statusesOf>, nowMs: number, heldBy: string | null): string {
  const line = escapeLine((job.output ?? '').trim().split('\n', 1)[0] ?? '');
  const isQueued = job.status === 'queued';
  const notes = [isQueued ? whatItWaitsFor(job, statuses, nowMs, heldBy) : '', exitCodeOf(job, line), line]
    .filter((part) => part !== '')
    .join(': ');
  const missing = job.log_missing_bytes ?? null;
  const gap = missing === null ? '' : `its log lacks ${sizeText(missing)} in the middle`;
  const cut = job.truncated === true ? `too large for this list: --job ${escapeLine(job.id)} shows all of it` : '';
  return [notes, gap, cut].filter((part) => part !== '').join('; ');
}

/** The exit code, unless the error contains it. */
function exitCodeOf({ exit_code: code }: Job, error: string): string {
  return code == null || error.split(/\W+/).includes(String(code)) ? '' : `exit code ${code}`;
}
