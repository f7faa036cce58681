import { Command, InvalidArgumentError, Option } from 'commander';
import { type Client, type JobStatus, type ListWorkflowsOptions, type Workflow, WorkflowGraphError } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { brokenLines } from './broken-lines.js';
import { definitionCommands } from './definitions.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { paintState } from './states.js';
import { summaries } from './summaries.js';
import { ago, until } from './terminal/times.js';

const statuses: readonly JobStatus[] = ['queued', 'running', 'success', 'failure', 'skipped', 'cancelled'];

interface WorkflowsFlags extends ServerFlags {
  readonly status?: JobStatus;
  readonly limit: number;
  readonly offset: number;
}

/** `workflow-graph workflows`: lists workflows; its subcommands show definitions and remove a workflow. */
export function workflowsCommand(): Command {
  const command = new Command('workflows')
    .description(summaries.workflows)
    .addOption(new Option('--status <status>', 'only workflows with a job in this state').choices(statuses))
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(100))
    .addOption(new Option('--offset <n>', 'how many to skip').argParser(parseOffset).default(0));
  addServerOptions(command);
  addHelp(command, {
    about: ['Without a subcommand it lists the workflows, each with the state of its newest run.'],
    examples: [
      'workflow-graph workflows',
      'workflow-graph workflows --status failure',
      "workflow-graph workflows --json | jq -r '.[].id'",
      'workflow-graph workflows show release',
      'workflow-graph workflows diff release 3 5',
      'workflow-graph workflows rm 5b3c0d52-8f0e-4a5c-9d3e-0c2f1b7a9e64',
    ],
  });
  // The arguments of the subcommands are in their own help.
  command.configureHelp({ subcommandTerm: (subcommand) => subcommand.name() });
  for (const subcommand of definitionCommands()) command.addCommand(subcommand);
  command.addCommand(removeCommand());
  return command.action((flags: WorkflowsFlags) =>
    withClient(command, flags, async (client) => {
      const { limit, offset, status } = flags;
      const workflows = await page(client, { limit, offset, ...(status === undefined ? {} : { status }) });
      if (flags.json) return printJson(workflows);
      await printWorkflows(workflows, await nextTimes(client, workflows));
      await printLines(brokenLines(workflows, Date.now()));
    }),
  );
}

/** A number of workflows from the offset on. The server sends fewer at once if they have very many jobs. */
async function page(client: Client, options: ListWorkflowsOptions & { limit: number }): Promise<readonly Workflow[]> {
  const workflows: Workflow[] = [];
  for await (const workflow of client.allWorkflows(options)) {
    workflows.push(workflow);
    if (workflows.length === options.limit) break;
  }
  return workflows;
}

/** When a schedule next starts each workflow, by the workflow's id. Older servers have no schedules. */
async function nextTimes(client: Client, workflows: readonly Workflow[]): Promise<ReadonlyMap<string, number>> {
  const next = new Map<string, number>();
  if (!workflows.some(({ trigger }) => trigger.split(', ').includes('schedule'))) return next;
  try {
    for await (const { workflow, next_start_ms } of client.allSchedules({ limit: 1_000 })) {
      if (next_start_ms !== null) next.set(workflow, Math.min(next_start_ms, next.get(workflow) ?? next_start_ms));
    }
  } catch (error) {
    if (!(error instanceof WorkflowGraphError && error.status === 404)) throw error;
  }
  return next;
}

function removeCommand(): Command {
  const command = new Command('rm').description('remove a workflow from the list').argument('<workflow>', 'its id');
  // The options of a server come before or after `rm`.
  addServerOptions(command);
  addHelp(command, {
    about: [
      'A removed workflow cannot be started any more. Its runs continue, and stay in "runs" until they are pruned. A ' +
        'workflow from a file of the workflows folder cannot be removed here: delete the file.',
    ],
    examples: ['workflow-graph workflows rm nightly'],
  });
  return command.action((id: string, own: ServerFlags) => {
    const flags: ServerFlags = { ...command.optsWithGlobals(), ...givenIn(command, own) };
    return withClient(
      command,
      flags,
      async (client) => {
        await client.removeWorkflow(id);
        if (flags.json) await printJson({ workflow: id, removed: true });
        else await printLines([`Workflow ${escapeLine(id)} is removed.`]);
      },
      { workflow: id },
    );
  });
}

/** The options given to this command itself, without defaults. */
function givenIn(command: Command, flags: ServerFlags): Partial<ServerFlags> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli'));
}

function printWorkflows(workflows: readonly Workflow[], next: ReadonlyMap<string, number>): Promise<void> {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  return printTable<Workflow>(
    [
      { heading: 'WORKFLOW', text: ({ id }) => escapeLine(id) },
      {
        heading: 'NEWEST RUN',
        text: ({ state, version }) => state ?? (version === 0 ? 'broken' : 'none yet'),
        paint: ({ state }, text) => paintState(paint, state ?? 'unrun', text),
      },
      {
        heading: 'CREATED',
        text: (workflow) => (workflow.created_at_ms === null ? '' : ago(workflow.created_at_ms, nowMs)),
      },
      ...(next.size === 0 ? [] : [{ heading: 'NEXT', text: ({ id }: Workflow) => untilText(next.get(id), nowMs) }]),
      { heading: 'JOBS', text: ({ jobs }) => String(jobs.length) },
      { heading: 'ON', text: ({ trigger }) => escapeLine(trigger), wraps: true },
      { heading: 'NAME', text: ({ name }) => escapeLine(name), wraps: true },
    ],
    workflows,
    'No workflows match. Put a file into the workflows folder of the server (workflows/ by default).',
  );
}

function untilText(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? '' : until(atMs, nowMs);
}

function parseOffset(text: string): number {
  const offset = Number(text);
  if (Number.isInteger(offset) && offset >= 0) return offset;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
