import { Command, InvalidArgumentError, Option } from 'commander';
import type { Backfill, Client } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { ago } from './terminal/times.js';

interface BackfillFlags extends ServerFlags {
  readonly schedule: string;
  readonly from: number;
  readonly to: number;
  readonly maxLive: number;
  readonly newestFirst: boolean;
  readonly again: boolean;
  readonly dryRun: boolean;
}

/** `workflow-graph backfill`: starts runs for past times of a schedule; `backfill list` and `cancel`. */
export function backfillCommand(): Command {
  const command = new Command('backfill')
    .description(summaries.backfill)
    .addCommand(startCommand())
    .addCommand(listCommand())
    .addCommand(cancelCommand());
  return addHelp(command, {
    about: [
      'Starts runs for past times of a schedule that have none, such as those before the schedule existed. A run sees its time as ' +
        'run.scheduled_at. The server starts the next run when an earlier one of the backfill has ended.',
    ],
    examples: [
      'workflow-graph backfill start w --schedule daily --from 2026-01 --to 2026-02',
      'workflow-graph backfill start w --schedule daily --from 2026-01 --to 2026-02',
      'workflow-graph backfill list nightly',
      'workflow-graph backfill cancel nightly 01a2004b-6fc8-7585-ab5c-4300b49da3ce',
    ],
  });
}

function startCommand(): Command {
  const command = new Command('start')
    .description('start runs for past times')
    .argument('<workflow>', "the workflow's id")
    .requiredOption('--schedule <id>', "the schedule's id")
    .addOption(
      new Option('--from <time>', 'the first time: a date, or 2026-01-31T12:00:00Z')
        .argParser(parseTime)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--to <time>', 'the time before which it ends').argParser(parseTime).makeOptionMandatory())
    .addOption(
      new Option('--max-live <n>', 'how many of its runs may be unfinished at once').argParser(parseCount).default(1),
    )
    .option('--newest-first', 'begin with the newest time', false)
    .option('--again', 'start runs also for times that have one', false)
    .option('--dry-run', 'only count the times', false);
  addServerOptions(command);
  addHelp(command, {
    about: ['A date is midnight in UTC. A schedule has one active backfill at a time, of at most 10,000 times.'],
    examples: ['workflow-graph backfill start w --schedule daily --from 2026-01 --to 2026-02'],
  });
  return command.action((workflow: string, flags: BackfillFlags) =>
    withClient(command, flags, async (client) => {
      const backfill = await client.createBackfill(workflow, flags.schedule, {
        fromMs: flags.from,
        toMs: flags.to,
        maxLive: flags.maxLive,
        order: flags.newestFirst ? 'newest' : 'oldest',
        again: flags.again,
        dryRun: flags.dryRun,
      });
      if (flags.json) return printJson(backfill);
      await printLines([described(backfill)]);
    }),
  );
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list backfills, newest first')
    .argument('<workflow>', "the workflow's id");
  addServerOptions(command);
  addHelp(command, { about: ['Shows the newest 100.'], examples: ['workflow-graph backfill list nightly'] });
  return command.action((workflow: string, flags: ServerFlags) =>
    withClient(command, flags, async (client: Client) => {
      const backfills = await client.backfills(workflow);
      if (flags.json) return printJson(backfills);
      await printBackfills(backfills);
    }),
  );
}

function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('start no more runs')
    .argument('<workflow>', "the workflow's id")
    .argument('<backfill>', "the backfill's id");
  addServerOptions(command);
  addHelp(command, {
    about: ['Runs that the backfill has started continue; cancel them with "workflow-graph cancel".'],
    examples: ['workflow-graph backfill cancel nightly 01a2004b-6fc8-7585-ab5c-4300b49da3ce'],
  });
  return command.action((workflow: string, id: string, flags: ServerFlags) =>
    withClient(command, flags, async (client) => {
      const backfill = await client.cancelBackfill(workflow, id);
      if (flags.json) return printJson(backfill);
      await printLines([described(backfill)]);
    }),
  );
}

function parseTime(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || !/^[0-9]{4}-/.test(text) || ms < 0)
    throw new InvalidArgumentError('It must be a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.');
  return ms;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || count < 1 || count > 1_000)
    throw new InvalidArgumentError('It must be a number from 1 to 1000.');
  return count;
}

function described(backfill: Backfill): string {
  const { id, total, started, skipped, refused, again } = backfill;
  const times = total === 1 ? '1 time' : `${total} times`;
  if (id === '') {
    const had = again ? '' : `, of which ${skipped} ${skipped === 1 ? 'has' : 'have'} a run`;
    return `${times}${had}: ${total - skipped} ${total - skipped === 1 ? 'run' : 'runs'} would start.`;
  }
  const counts = `${started} started, ${skipped} skipped, ${refused} refused`;
  return escapeLine(`backfill ${id}: ${times}, ${counts}; ${stateOf(backfill)}`);
}

function stateOf({ cancelled, ended_at_ms }: Backfill): string {
  if (cancelled) return 'cancelled';
  return ended_at_ms === null ? 'active' : 'done';
}

function printBackfills(backfills: readonly Backfill[]): Promise<void> {
  const nowMs = Date.now();
  return printTable<Backfill>(
    [
      { heading: 'BACKFILL', text: ({ id }) => escapeLine(id) },
      { heading: 'SCHEDULE', text: ({ schedule }) => escapeLine(schedule) },
      { heading: 'STATE', text: stateOf },
      { heading: 'TIMES', text: ({ handled, total }) => `${handled}/${total}` },
      { heading: 'STARTED', text: ({ started }) => String(started) },
      { heading: 'LIVE', text: ({ live }) => String(live) },
      { heading: 'SKIPPED', text: ({ skipped }) => String(skipped) },
      { heading: 'REFUSED', text: ({ refused }) => String(refused) },
      { heading: 'CREATED', text: ({ created_at_ms }) => ago(created_at_ms, nowMs) },
      { heading: 'ERROR', text: ({ last_error }) => escapeLine(last_error ?? ''), wraps: true },
    ],
    backfills,
    'The workflow has no backfills.',
  );
}
