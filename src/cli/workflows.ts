import type { JobStatus, Workflow } from '@workflow-graph/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { printJson, printTable, stdoutPaint } from './print.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { paintState } from './states.js';
import { harmlessLine } from './terminal/harmless.js';
import { ago } from './terminal/times.js';

const examples = `
Examples:
  $ workflow-graph workflows
  $ workflow-graph workflows --status failure
  $ workflow-graph workflows --json | jq -r '.[].id'`;

const statuses: readonly JobStatus[] = ['queued', 'running', 'success', 'failure', 'skipped', 'cancelled'];

interface WorkflowsFlags extends ServerFlags {
  readonly status?: JobStatus;
  readonly limit: number;
  readonly offset: number;
}

/** `workflow-graph workflows`: lists what can be run. */
export function workflowsCommand(): Command {
  const command = new Command('workflows')
    .description('list workflows, each with the state of its newest run')
    .addOption(new Option('--status <status>', 'only those with a job in this state').choices(statuses))
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(100))
    .addOption(new Option('--offset <n>', 'how many to pass over').argParser(parseOffset).default(0))
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((flags: WorkflowsFlags) =>
    withClient(command, flags, async (client) => {
      const { limit, offset, status } = flags;
      const workflows = await client.workflows({ limit, offset, ...(status === undefined ? {} : { status }) });
      if (flags.json) printJson(workflows);
      else printWorkflows(workflows);
    }),
  );
}

function printWorkflows(workflows: readonly Workflow[]): void {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  printTable<Workflow>(
    [
      { heading: 'WORKFLOW', text: ({ id }) => harmlessLine(id) },
      {
        heading: 'NEWEST RUN',
        text: ({ state }) => state ?? 'none yet',
        paint: ({ state }, text) => paintState(paint, state ?? 'unrun', text),
      },
      {
        heading: 'CREATED',
        text: (workflow) => (workflow.created_at_ms === null ? '' : ago(workflow.created_at_ms, nowMs)),
      },
      { heading: 'JOBS', text: ({ jobs }) => String(jobs.length) },
      { heading: 'ON', text: ({ trigger }) => harmlessLine(trigger) },
      { heading: 'NAME', text: ({ name }) => harmlessLine(name) },
    ],
    workflows,
    'There are no such workflows. Put a file into the folder of the server, workflows/ by default.',
  );
}

function parseOffset(text: string): number {
  const offset = Number(text);
  if (Number.isInteger(offset) && offset >= 0) return offset;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
