import { Command } from 'commander';
import type { Client, RerunAnswer, RerunJob } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJson, printLines } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { printHowToRerun } from './watch/print-how-to-rerun.js';
import { serverFlag, watchToEnd } from './watch/watch-to-end.js';

interface RerunFlags extends ServerFlags {
  readonly failed?: boolean;
  readonly job: readonly string[];
  readonly only?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly logs?: boolean;
}

/** `workflow-graph rerun`: runs jobs of a run again. */
export function rerunCommand(): Command {
  const command = new Command('rerun')
    .description(summaries.rerun)
    .argument('<run>', runArgument)
    .option('--failed', 'every job that failed or was cancelled (the default without --job)')
    .option('--job <job>', 'this job; repeat it for more', collect, [])
    .option('--only', 'leave the jobs that need them as they are')
    .option('--force', 'cancel jobs that run and would run again, and wait until they have stopped')
    .option('--dry-run', 'print what would run again, stay and be skipped; change nothing')
    .option('-w, --watch', 'watch the run until it has ended')
    .option('--logs', 'also print the output of the jobs (the default where there is no live view)')
    .option('--no-logs', 'print only changes of state');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'The jobs run again in the same run, and with them every job that needs them. The outputs of all other jobs stay, and ' +
        'are what they get. Attempts count on, and each job has all of its retries again. It also works while the run is ' +
        'live, and for a run that was cancelled.',
      'The exit codes 0 and 1 mean success and failure of the run with --watch.',
    ],
    examples: [
      'workflow-graph rerun ci                      # all that failed',
      'workflow-graph rerun ci --job test --dry-run # what would run again',
      'workflow-graph rerun ci --job test --only    # this job alone',
    ],
  });
  return command.action((id: string, flags: RerunFlags) => {
    if (flags.failed === true && flags.job.length > 0) {
      command.error('error: give either --failed or --job, not both', { exitCode: exitCodes.usage });
    }
    return withClient(command, flags, (client) => rerun(client, id, flags), { run: id });
  });
}

async function rerun(client: Client, id: string, flags: RerunFlags): Promise<void> {
  const answer = await client.rerun(id, {
    ...(flags.job.length > 0 ? { jobs: flags.job } : { failed: true }),
    dependants: flags.only !== true,
    force: flags.force === true,
    dryRun: flags.dryRun === true,
  });
  if (flags.dryRun) {
    if (flags.json) await printJson(answer);
    else await printLines(dryLines(answer));
    return;
  }
  if (!flags.watch) {
    if (flags.json) await printJson(answer);
    else await printLines(begunLines(answer, flags.server));
    return;
  }
  const ended = await watchToEnd(client, answer.run_id, flags);
  if (flags.json) await printJson(ended);
  else printHowToRerun(ended, flags.server);
  process.exitCode = ended.state === 'success' ? exitCodes.done : exitCodes.failed;
}

function begunLines({ run_id, generation, jobs, job_count }: RerunAnswer, server: string | undefined): string[] {
  return [
    `Run ${escapeLine(run_id)} runs again (generation ${generation}): ${jobWord(job_count)}.`,
    ...jobLines(jobs, job_count),
    `Watch it:  workflow-graph status ${escapeLine(run_id)} --watch${serverFlag(server)}`,
  ];
}

function dryLines({ jobs, job_count, kept, kept_count, skipped, skipped_count }: RerunAnswer): string[] {
  return [
    `Would run again: ${jobWord(job_count)}`,
    ...jobLines(jobs, job_count),
    `Would stay as they are: ${jobWord(kept_count)}`,
    ...jobLines(kept, kept_count),
    ...(skipped_count === 0
      ? []
      : [`Would be skipped: ${jobWord(skipped_count)}`, ...jobLines(skipped, skipped_count)]),
  ];
}

function jobLines(jobs: readonly RerunJob[], count: number): string[] {
  const lines = jobs.map(({ job_id, reason }) => `  ${escapeLine(job_id)}: ${escapeLine(reason)}`);
  return count > jobs.length ? [...lines, `  … and ${count - jobs.length} more`] : lines;
}

function jobWord(count: number): string {
  return `${count} ${count === 1 ? 'job' : 'jobs'}`;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
