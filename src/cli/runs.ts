import type { ListRunsOptions, Run, RunState } from '@workflow-graph/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { paintState } from './states.js';
import { harmlessLine } from './terminal/harmless.js';
import { ago, duration } from './terminal/times.js';

const examples = `
Examples:
  $ workflow-graph runs
  $ workflow-graph runs --workflow ci --state failure
  $ workflow-graph runs --limit 1000 --json | jq -r '.runs[].run_id'`;

const states: readonly RunState[] = ['queued', 'running', 'success', 'failure', 'cancelled'];

interface RunsFlags extends ServerFlags {
  readonly workflow?: string;
  readonly state?: RunState;
  readonly limit: number;
  readonly page?: string;
}

/** `workflow-graph runs`: lists runs, newest first. */
export function runsCommand(): Command {
  const command = new Command('runs')
    .description('list runs, newest first')
    .option('--workflow <id>', 'only runs of this workflow')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(states))
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(20))
    .option('--page <token>', 'the page that the last line of the page before names')
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((flags: RunsFlags) =>
    withClient(command, flags, async (client) => {
      const page = await client.runs(wanted(flags));
      if (flags.json) {
        printJson(page);
        return;
      }
      printRuns(page.runs);
      if (page.next_page_token !== '') printLines(['', `More: --page ${harmlessLine(page.next_page_token)}`]);
    }),
  );
}

/** Reads how many entries to list. */
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

function printRuns(runs: readonly Run[]): void {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  printTable<Run>(
    [
      { heading: 'RUN', text: (run) => harmlessLine(run.run_id) },
      { heading: 'STATE', text: (run) => run.state, paint: (run, text) => paintState(paint, run.state, text) },
      { heading: 'JOBS', text: (run) => `${run.jobs - run.open_jobs}/${run.jobs}` },
      { heading: 'CREATED', text: (run) => ago(run.created_at_ms, nowMs) },
      { heading: 'TOOK', text: (run) => runTook(run, nowMs) },
      { heading: 'WORKFLOW', text: (run) => harmlessLine(run.workflow) },
    ],
    runs,
    'There are no such runs.',
  );
}

function runTook({ started_at_ms, ended_at_ms }: Run, nowMs: number): string {
  return started_at_ms === null ? '' : duration((ended_at_ms ?? nowMs) - started_at_ms);
}
