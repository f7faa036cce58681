import { Command, Option } from 'commander';
import type { Client, Schedule } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable } from './print.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { ago, until } from './terminal/times.js';

interface SchedulesFlags extends ServerFlags {
  readonly limit: number;
}

interface PauseFlags extends ServerFlags {
  readonly reason?: string;
}

/** `workflow-graph schedules`: lists schedules; `schedules pause` and `resume` change one. */
export function schedulesCommand(): Command {
  const command = new Command('schedules')
    .description(summaries.schedules)
    .argument('[workflow]', 'only those of this workflow, each explained')
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(100));
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Lists the times at which workflows start by themselves: "on.schedule" of their files. Without a subcommand it shows ' +
        'when each is due next, and what became of its last time.',
    ],
    examples: [
      'workflow-graph schedules',
      'workflow-graph schedules nightly',
      'workflow-graph schedules pause nightly cron-1 --reason "database moves"',
      'workflow-graph schedules resume nightly cron-1',
    ],
  });
  // The arguments of the subcommands are in their own help.
  command.configureHelp({ subcommandTerm: (subcommand) => subcommand.name() });
  command.addCommand(pauseCommand());
  command.addCommand(resumeCommand());
  return command.action((workflow: string | undefined, flags: SchedulesFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        const asked = workflow === undefined ? {} : { workflow };
        const schedules = await first(client.allSchedules({ ...asked, limit: flags.limit }), flags.limit);
        if (flags.json) return printJson(schedules);
        await printSchedules(schedules);
        if (workflow !== undefined) await printLines(explained(schedules));
      },
      workflow === undefined ? {} : { workflow },
    ),
  );
}

async function first<T>(all: AsyncIterable<T>, limit: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of all) {
    items.push(item);
    if (items.length === limit) break;
  }
  return items;
}

function pauseCommand(): Command {
  const command = new Command('pause')
    .description('pause a schedule until it is resumed')
    .argument('<workflow>', "the workflow's id")
    .argument('<schedule>', "the schedule's id")
    .option('--reason <text>', 'why, for people');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'A paused schedule starts no runs, and does not catch up later. Runs in progress continue, and the ' +
        'workflow can be started by hand.',
    ],
    examples: ['workflow-graph schedules pause nightly cron-1 --reason "database moves"'],
  });
  return command.action((workflow: string, schedule: string, own: PauseFlags) =>
    change(command, own, (client) => client.pauseSchedule(workflow, schedule, own.reason ?? '')),
  );
}

function resumeCommand(): Command {
  const command = new Command('resume')
    .description('end the pause of a schedule')
    .argument('<workflow>', "the workflow's id")
    .argument('<schedule>', "the schedule's id");
  addServerOptions(command);
  addHelp(command, {
    about: ['The schedule continues with its next time.'],
    examples: ['workflow-graph schedules resume nightly cron-1'],
  });
  return command.action((workflow: string, schedule: string, own: ServerFlags) =>
    change(command, own, (client) => client.resumeSchedule(workflow, schedule)),
  );
}

function change(command: Command, own: ServerFlags, act: (client: Client) => Promise<Schedule>): Promise<void> {
  const given = Object.entries(own).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  // The options of a server come before or after the subcommand.
  const flags: ServerFlags = { ...command.optsWithGlobals(), ...Object.fromEntries(given) };
  return withClient(command, flags, async (client) => {
    const schedule = await act(client);
    if (flags.json) await printJson(schedule);
    else await printLines(explained([schedule]));
  });
}

function explained(schedules: readonly Schedule[]): string[] {
  return schedules.map(({ workflow, id, explanation }) => escapeLine(`${workflow} ${id}: ${explanation}`));
}

function printSchedules(schedules: readonly Schedule[]): Promise<void> {
  const nowMs = Date.now();
  return printTable<Schedule>(
    [
      { heading: 'WORKFLOW', text: ({ workflow }) => escapeLine(workflow) },
      { heading: 'SCHEDULE', text: ({ id }) => escapeLine(id) },
      { heading: 'CRON', text: ({ cron, timezone }) => escapeLine(`${cron} ${timezone}`) },
      { heading: 'NEXT', text: (schedule) => nextText(schedule, nowMs) },
      { heading: 'LAST', text: (schedule) => lastText(schedule, nowMs), wraps: true },
    ],
    schedules,
    'No schedules match. A workflow file has them under "on": on: {schedule: [{cron: "30 2 * * *"}]}.',
  );
}

function nextText({ paused_at_ms, next_start_ms }: Schedule, nowMs: number): string {
  if (paused_at_ms !== null) return 'paused';
  return next_start_ms === null ? '' : until(next_start_ms, nowMs);
}

function lastText({ last_at_ms, last_outcome }: Schedule, nowMs: number): string {
  return last_at_ms === null ? '' : `${escapeLine(last_outcome)} ${ago(last_at_ms, nowMs)}`;
}
