import { Command, InvalidArgumentError, Option } from 'commander';
import type { ListRunsOptions, Run, RunState } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { fullIdsOption, runIds } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { paintState } from './states.js';
import { summaries } from './summaries.js';
import { ago, duration, localTime } from './terminal/times.js';

const states: readonly RunState[] = ['queued', 'running', 'success', 'failure', 'cancelled'];

interface RunsFlags extends ServerFlags {
  readonly workflow?: string;
  readonly state?: RunState;
  readonly limit: number;
  readonly page?: string;
  readonly fullIds?: boolean;
}

/** `workflow-graph runs`: lists runs, newest first. */
export function runsCommand(): Command {
  const command = new Command('runs')
    .description(summaries.runs)
    .option('--workflow <id>', 'only runs of this workflow')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(states))
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(20))
    .option('--page <token>', 'the next page; the last line of a page has its token')
    .addOption(fullIdsOption());
  addServerOptions(command);
  addHelp(command, {
    examples: [
      'workflow-graph runs',
      'workflow-graph runs --workflow ci --state failure',
      "workflow-graph runs --limit 1000 --json | jq -r '.runs[].run_id'",
    ],
  });
  return command.action((flags: RunsFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        const page = await client.runs(wanted(flags));
        if (flags.json) return printJson(page);
        await printRuns(page.runs, flags);
        if (page.next_page_token !== '') await printLines(['', `More: --page ${escapeLine(page.next_page_token)}`]);
      },
      { workflow: flags.workflow },
    ),
  );
}

/** Parses a number of entries. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}

function wanted({ workflow, state, limit, page }: RunsFlags): ListRunsOptions {
  return {
    limit,
    ...(workflow === undefined ? {} : { workflow }),
    ...(state === undefined ? {} : { state }),
    ...(page === undefined ? {} : { pageToken: page }),
  };
}

function printRuns(runs: readonly Run[], { fullIds }: RunsFlags): Promise<void> {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  const shown = runIds(
    runs.map(({ run_id }) => run_id),
    fullIds,
  );
  return printTable<Run>(
    [
      { heading: 'RUN', text: (run) => escapeLine(shown(run.run_id)) },
      { heading: 'STATE', text: stateOf, paint: (run, text) => paintState(paint, run.state, text) },
      { heading: 'JOBS', text: (run) => `${run.jobs - run.open_jobs}/${run.jobs}` },
      { heading: 'CREATED', text: (run) => ago(run.created_at_ms, nowMs) },
      { heading: 'TOOK', text: (run) => runTook(run, nowMs) },
      ...(runs.some((run) => run.schedule != null) ? [{ heading: 'SCHEDULED', text: scheduledText }] : []),
      { heading: 'WORKFLOW', text: (run) => escapeLine(run.workflow) },
      // Few workflows name their runs.
      ...(runs.some(({ run_name }) => run_name != null)
        ? [{ heading: 'NAME', text: (run: Run) => escapeLine(run.run_name ?? ''), wraps: true }]
        : []),
    ],
    runs,
    'No runs match.',
  );
}

/** A run that waits for its group says so, and one that took longer than its timeout. */
function stateOf({ state, held, timed_out }: Run): string {
  if (timed_out === true) return `${state} (timeout)`;
  return held === true ? `${state} (held)` : state;
}

/** The schedule that started a run, and the time that it was scheduled for. */
function scheduledText({ schedule, scheduled_at_ms }: Run): string {
  if (schedule == null || scheduled_at_ms == null) return '';
  return `${escapeLine(schedule)} ${localTime(scheduled_at_ms).slice(0, 16)}`;
}

function runTook({ started_at_ms, ended_at_ms }: Run, nowMs: number): string {
  return started_at_ms === null ? '' : duration((ended_at_ms ?? nowMs) - started_at_ms);
}
