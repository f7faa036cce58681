import { Command, InvalidArgumentError, Option } from 'commander';
import { countToPrune, type PruneBefore, type PruneCounts, pruneStore } from '../prune-store.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { onInterrupt } from './interrupt.js';
import { storageSettings, withStore } from './open-store.js';
import { printJsonLine, printLines } from './print.js';
import { ProgressLine } from './progress-line.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';
import { duration } from './terminal/times.js';

interface PruneFlags {
  readonly olderThan?: number;
  readonly logsOlderThan?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph prune`: deletes old runs and logs now. */
export function pruneCommand(): Command {
  const command = new Command('prune')
    .description(summaries.prune)
    .addOption(
      new Option('--older-than <age>', 'delete runs that ended longer ago than this, such as 12h or 90d').argParser(
        ageMs,
      ),
    )
    .addOption(new Option('--logs-older-than <age>', 'delete only the logs of such runs').argParser(ageMs))
    .option('--dry-run', 'only print how much it would delete')
    .option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  addHelp(command, {
    about: [
      'A server prunes by itself, as RETENTION_RUNS_DAYS and RETENTION_LOGS_DAYS say. This command does it now, with other ' +
        'ages if you give them. Runs that have not ended stay, and so does the newest run of each workflow in the list.',
      'It works on the database itself, on the machine of the data directory, in small steps with pauses between them; ' +
        'servers can keep running. The file of SQLite does not shrink: free space in it is used again.',
    ],
    examples: [
      'workflow-graph prune --dry-run',
      'workflow-graph prune --older-than 7d',
      'workflow-graph prune --logs-older-than 12h --data /var/lib/workflow-graph',
    ],
    exitCodes: [
      [0, 'done'],
      [1, 'failed'],
      [2, 'wrong usage'],
      [130, 'stopped by Ctrl-C; it prints what it has deleted'],
    ],
  });
  return command.action(async (flags: PruneFlags) => {
    const ages = agesOf(command, flags);
    await withStore(command, async (store, environment) => {
      const nowMs = environment.now();
      const before: PruneBefore = {
        runsMs: ages.runsMs === null ? 0 : nowMs - ages.runsMs,
        logsMs: ages.logsMs === null ? 0 : nowMs - ages.logsMs,
      };
      const found = await countToPrune(store, before);
      if (flags.dryRun) return report(flags, found, 0);
      const startedAt = performance.now();
      const progress = new ProgressLine(process.stderr);
      let isStopped = false;
      const release = onInterrupt(() => {
        isStopped = true;
      });
      // A process suspended by Ctrl-Z inside a transaction would block a server that waits for the file.
      process.on('SIGTSTP', () => {});
      const gone = await pruneStore(store, before, ({ runs, logs }) => {
        progress.say(`${runs} of ${found.runs} runs, logs of ${logs} of ${found.logs}`);
        return !isStopped;
      });
      progress.end();
      release();
      await report(flags, gone, Math.round(performance.now() - startedAt));
      if (isStopped) process.exitCode = exitCodes.interrupted;
    });
  });
}

const dayMs = 24 * 60 * 60 * 1000;

/** The given ages, or else those of the settings. */
function agesOf(command: Command, flags: PruneFlags): { runsMs: number | null; logsMs: number | null } {
  if (flags.olderThan !== undefined || flags.logsOlderThan !== undefined) {
    return { runsMs: flags.olderThan ?? null, logsMs: flags.logsOlderThan ?? null };
  }
  const { retentionRunsDays: runs, retentionLogsDays: logs } = configOf(command);
  if (runs === 0 && logs === 0) {
    command.error('error: RETENTION_RUNS_DAYS and RETENTION_LOGS_DAYS keep everything; give --older-than <age>', {
      exitCode: exitCodes.usage,
    });
  }
  return { runsMs: runs === 0 ? null : runs * dayMs, logsMs: logs === 0 ? null : logs * dayMs };
}

function report({ json, dryRun }: PruneFlags, { runs, logs }: PruneCounts, tookMs: number): Promise<void> {
  if (json) return printJsonLine({ dry_run: dryRun === true, runs, logs, took_ms: tookMs });
  const what = `${runs} ${runs === 1 ? 'run' : 'runs'}, and the logs of ${logs} ${logs === 1 ? 'other' : 'others'}`;
  return printLines([dryRun ? `Would delete ${what}.` : `Deleted ${what} in ${duration(tookMs)}.`]);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: dayMs };

function ageMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a number with a unit: 30m, 12h, 90d.');
  return ms;
}
