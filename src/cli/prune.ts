import { Command, InvalidArgumentError, Option } from 'commander';
import { countToPrune, type PruneBefore, type PruneCounts, pruneStore } from '../prune-store.js';
import { exitCodes } from './exit-codes.js';
import { onInterrupt } from './interrupt.js';
import { storageSettings, withStore } from './open-store.js';
import { printJsonLine, printLines } from './print.js';
import { ProgressLine } from './progress-line.js';
import { addSettings, configOf } from './settings-options.js';
import { duration } from './terminal/times.js';

const examples = `
A server does this by itself, all the time, as RETENTION_RUNS_DAYS and RETENTION_LOGS_DAYS say. This does it now, and to
other ages when they are given. Only what has ended goes, and the newest run of each workflow stays.

It works on the database itself, on the machine of the data folder, in small steps with rests between them; servers may
run meanwhile. The file of SQLite does not become smaller: what is free in it is used again.

Examples:
  $ workflow-graph prune --dry-run
  $ workflow-graph prune --older-than 7d
  $ workflow-graph prune --logs-older-than 12h --data /var/lib/workflow-graph
  $ DATABASE_URL=postgres://user@db/workflows workflow-graph prune --older-than 90d --json

Exit codes: 0 done, 1 it failed, 2 the command was written wrongly, 130 stopped by Ctrl-C; what is gone by then is printed.`;

interface PruneFlags {
  readonly olderThan?: number;
  readonly logsOlderThan?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph prune`: takes away old runs and logs now. */
export function pruneCommand(): Command {
  const command = new Command('prune')
    .description('take away old runs and logs now')
    .addOption(new Option('--older-than <age>', 'runs that ended longer ago than this: 12h, 90d').argParser(ageMs))
    .addOption(new Option('--logs-older-than <age>', 'the logs of such runs, which stay themselves').argParser(ageMs))
    .option('--dry-run', 'only say how much it would be')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, storageSettings);
  return command.action(async (flags: PruneFlags) => {
    const ages = agesOf(command, flags);
    await withStore(command, async (store, environment) => {
      const nowMs = environment.now();
      const before: PruneBefore = {
        runsMs: ages.runsMs === null ? 0 : nowMs - ages.runsMs,
        logsMs: ages.logsMs === null ? 0 : nowMs - ages.logsMs,
      };
      const found = await countToPrune(store, before);
      if (flags.dryRun) return tell(flags, found, 0);
      const startedAt = performance.now();
      const progress = new ProgressLine(process.stderr);
      let isStopped = false;
      const forget = onInterrupt(() => {
        isStopped = true;
      });
      // Stopped by Ctrl-Z inside a transaction, it would keep a server waiting for the file.
      process.on('SIGTSTP', () => {});
      const gone = await pruneStore(store, before, ({ runs, logs }) => {
        progress.say(`${runs} of ${found.runs} runs, logs of ${logs} of ${found.logs}`);
        return !isStopped;
      });
      progress.end();
      forget();
      tell(flags, gone, Math.round(performance.now() - startedAt));
      if (isStopped) process.exitCode = exitCodes.interrupted;
    });
  });
}

const dayMs = 24 * 60 * 60 * 1000;

/** The ages that were given, or else those of the settings. */
function agesOf(command: Command, flags: PruneFlags): { runsMs: number | null; logsMs: number | null } {
  if (flags.olderThan !== undefined || flags.logsOlderThan !== undefined) {
    return { runsMs: flags.olderThan ?? null, logsMs: flags.logsOlderThan ?? null };
  }
  const { retentionRunsDays: runs, retentionLogsDays: logs } = configOf(command);
  if (runs === 0 && logs === 0) {
    command.error('error: RETENTION_RUNS_DAYS and RETENTION_LOGS_DAYS keep everything; say --older-than <age>', {
      exitCode: exitCodes.usage,
    });
  }
  return { runsMs: runs === 0 ? null : runs * dayMs, logsMs: logs === 0 ? null : logs * dayMs };
}

function tell({ json, dryRun }: PruneFlags, { runs, logs }: PruneCounts, tookMs: number): void {
  if (json) {
    printJsonLine({ dry_run: dryRun === true, runs, logs, took_ms: tookMs });
    return;
  }
  const what = `${runs} ${runs === 1 ? 'run' : 'runs'}, and the logs of ${logs} ${logs === 1 ? 'other' : 'others'}`;
  printLines([dryRun ? `Would take away ${what}.` : `Took away ${what}, in ${duration(tookMs)}.`]);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: dayMs };

function ageMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a number with a unit: 30m, 12h, 90d.');
  return ms;
}
