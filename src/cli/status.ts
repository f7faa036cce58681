import type { Job, Workflow } from '@workflow-graph/client';
import { Command } from 'commander';
import { exitCodes } from './exit-codes.js';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { isOpen, markOf, paintState, tookMs } from './states.js';
import { harmlessLine } from './terminal/harmless.js';
import { ago, duration } from './terminal/times.js';
import { statusesOf, whatItWaitsFor } from './watch/live-frame.js';
import { watchToEnd } from './watch/watch-to-end.js';

const examples = `
With --watch the state is shown until the run has ended, and the exit code is 1 when it failed or was cancelled. Ctrl-C
stops the watching; the run goes on.

Examples:
  $ workflow-graph status ci
  $ workflow-graph status ci --watch
  $ workflow-graph status 0198f2c4-77aa-7c31-9d52-6f1be0a1f8d4 --json | jq '.jobs[] | select(.status == "failure")'`;

interface StatusFlags extends ServerFlags {
  readonly watch?: boolean;
  readonly logs?: boolean;
}

/** `workflow-graph status`: shows a run and its jobs. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('show a run and the state of its jobs')
    .argument('<run>', "a run's id, or a workflow's, which means its newest run")
    .option('-w, --watch', 'go on until the run has ended')
    .option('--logs', 'with --watch: also print what the jobs print')
    .option('--no-logs', 'with --watch: only changes of state')
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((id: string, flags: StatusFlags) =>
    withClient(command, flags, async (client) => {
      const workflow = await client.status(id);
      if (!flags.watch || workflow.run_id === null) {
        if (flags.json) printJson(workflow);
        else printStatus(workflow);
        return;
      }
      const ended = await watchToEnd(client, workflow.run_id, flags);
      if (flags.json) printJson(ended);
      process.exitCode = ended.state === 'success' ? exitCodes.done : exitCodes.failed;
    }),
  );
}

function printStatus(workflow: Workflow): void {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  const statuses = statusesOf(workflow);
  printLines([...headingOf(workflow, nowMs), '']);
  printTable<Job>(
    [
      {
        heading: '  JOB',
        text: ({ id, status }) => `${markOf(status)} ${harmlessLine(id)}`,
        paint: ({ status }, text) => paintState(paint, status, text),
      },
      { heading: 'STATUS', text: ({ status }) => status, paint: ({ status }, text) => paintState(paint, status, text) },
      { heading: 'ATTEMPT', text: ({ attempt, started_at }) => (started_at === null ? '' : String(attempt)) },
      { heading: 'TOOK', text: (job) => tookText(job, nowMs) },
      { heading: 'WORKER', text: ({ worker_id }) => harmlessLine(worker_id ?? '') },
      { heading: 'NOTES', text: (job) => notesOf(job, statuses, nowMs) },
    ],
    workflow.jobs,
    'It has no jobs.',
  );
}

function headingOf(workflow: Workflow, nowMs: number): string[] {
  const paint = stdoutPaint();
  const { state, run_id, created_at_ms, started_at_ms, ended_at_ms } = workflow;
  const name = `${paint('bold', harmlessLine(workflow.name))} (${harmlessLine(workflow.workflow)}, version ${workflow.version})`;
  if (state === null || run_id === null) return [`${name} has not run yet`];
  const created = created_at_ms === null ? '' : `, created ${ago(created_at_ms, nowMs)}`;
  const took = started_at_ms === null ? '' : ` after ${duration((ended_at_ms ?? nowMs) - started_at_ms)}`;
  const shown = isOpen(state) ? `${state}${took === '' ? '' : took.replace('after', 'for')}` : `${state}${took}`;
  return [
    `${paintState(paint, state, markOf(state))} ${name}: ${paintState(paint, state, shown)}`,
    `  run ${harmlessLine(run_id)}${created}`,
  ];
}

function tookText(job: Job, nowMs: number): string {
  const took = tookMs(job, nowMs);
  return took === null ? '' : duration(took);
}

function notesOf(job: Job, statuses: ReturnType<typeof statusesOf>, nowMs: number): string {
  const line = harmlessLine((job.output ?? '').trim().split('\n', 1)[0] ?? '');
  if (job.status !== 'queued') return line;
  return [whatItWaitsFor(job, statuses, nowMs), line].filter((part) => part !== '').join(': ');
}
