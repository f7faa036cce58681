import type { Client, LogChunk, Workflow } from '@workflow-graph/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from './exit-codes.js';
import { printJsonLine, printLines, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { harmlessLine } from './terminal/harmless.js';
import { jobPrefix } from './watch/job-prefix.js';
import { readLastLines, storedChunks } from './watch/last-lines.js';
import { LineSplitter, type LogLine } from './watch/log-lines.js';
import { pollRun } from './watch/poll-run.js';
import { RunLogs } from './watch/run-logs.js';

const examples = `
Without a job, the logs of all jobs are printed, each line with the key of its job. Terminal escapes in them are taken
out; --raw and --json keep them.

Examples:
  $ workflow-graph logs ci unit
  $ workflow-graph logs -f ci                  # all jobs of the newest run of ci, until it ends
  $ workflow-graph logs ci unit --attempt 0 --tail 20
  $ workflow-graph logs ci unit --raw > unit.log
  $ workflow-graph logs ci --json | jq -r 'select(.stream == "stderr").data'`;

interface LogsFlags extends ServerFlags {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly tail?: number;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
}

/** `workflow-graph logs`: prints what jobs have printed. */
export function logsCommand(): Command {
  const command = new Command('logs')
    .description('print the logs of a run or of one of its jobs')
    .argument('<run>', "a run's id, or a workflow's, which means its newest run")
    .argument('[job]', "the job's key; all jobs when absent")
    .option('-f, --follow', 'go on until the job, or the run, has ended')
    .addOption(new Option('--attempt <n>', 'only this attempt, from 0').argParser(parseCount))
    .addOption(
      new Option('-n, --tail <n>', 'only the last lines of each job').argParser(parseCount).conflicts('follow'),
    )
    .option('-t, --timestamps', "the worker's time before each line")
    .addOption(new Option('--raw', 'as the jobs wrote it, terminal escapes and all').conflicts(['timestamps', 'tail']))
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((id: string, job: string | undefined, flags: LogsFlags) =>
    withClient(command, flags, async (client) => {
      if (job === undefined && (flags.attempt !== undefined || flags.raw)) {
        command.error('error: --attempt and --raw need a job', { exitCode: exitCodes.usage });
      }
      const workflow = await client.status(id);
      const runId = workflow.run_id;
      if (runId === null) {
        command.error(`error: ${harmlessLine(id)} has not run yet`, { exitCode: exitCodes.notFound });
      } else if (job !== undefined) await printJob(client, runId, job, flags);
      else if (flags.follow) await followRun(client, runId, workflow, flags);
      else for (const { id: jobId } of startedJobs(workflow)) await printStored(client, runId, jobId, workflow, flags);
    }),
  );
}

async function printJob(client: Client, runId: string, jobId: string, flags: LogsFlags): Promise<void> {
  const { attempt, follow } = flags;
  if (!follow) return printStored(client, runId, jobId, null, flags);
  await printChunks(client.followLogs(runId, jobId, attempt === undefined ? {} : { attempt }), null, flags);
}

/** What is stored now; with a workflow, each line says of which of its jobs it is. */
async function printStored(
  client: Client,
  runId: string,
  jobId: string,
  workflow: Workflow | null,
  flags: LogsFlags,
): Promise<void> {
  if (flags.tail === undefined || flags.json) {
    await printChunks(storedChunks(client, runId, jobId, flags.attempt), workflow, flags);
    return;
  }
  const { attempt, tail } = flags;
  const lines = await readLastLines(client, runId, jobId, {
    count: tail,
    ...(attempt === undefined ? {} : { attempt }),
  });
  const print = linePrinter(workflow, flags);
  for (const line of lines) print(line);
}

async function printChunks(
  chunks: AsyncIterable<LogChunk>,
  workflow: Workflow | null,
  flags: LogsFlags,
): Promise<void> {
  const splitter = new LineSplitter();
  const print = linePrinter(workflow, flags);
  for await (const chunk of chunks) {
    if (flags.json) printJsonLine(chunk);
    else if (flags.raw) process.stdout.write(chunk.data);
    else for (const line of splitter.push(chunk)) print(line);
  }
  for (const line of splitter.end()) print(line);
}

async function followRun(client: Client, runId: string, workflow: Workflow, flags: LogsFlags): Promise<void> {
  const print = flags.json ? printJsonLine : linePrinter(workflow, flags);
  const logs = new RunLogs(client, runId, print);
  for await (const seen of pollRun(client, runId, new AbortController().signal)) {
    if (seen.kind === 'state') logs.update(seen.workflow);
  }
  await logs.complete();
}

function startedJobs({ jobs }: Workflow) {
  return jobs.filter((job) => job.started_at !== null);
}

/** Prints lines, with the job's key before each when the jobs of a workflow are mixed. */
function linePrinter(workflow: Workflow | null, { timestamps }: LogsFlags): (line: LogLine) => void {
  const paint = stdoutPaint();
  const prefix = workflow === null ? () => '' : jobPrefix(workflow);
  return (line) => {
    const time = timestamps ? `${paint('dim', new Date(line.atMs).toISOString())} ` : '';
    printLines([`${time}${prefix(line.jobId)}${line.text}`]);
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
