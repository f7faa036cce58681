import { Command, InvalidArgumentError, Option } from 'commander';
import type { Client, Job, LogChunk, Workflow } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJsonLine, printLines, printText, stdoutPaint } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { jobPrefix } from './watch/job-prefix.js';
import { readLastLines, storedChunks } from './watch/last-lines.js';
import { LineSplitter, type LogLine } from './watch/log-lines.js';
import { MissingLogs } from './watch/missing-logs.js';
import { pollRun } from './watch/poll-run.js';
import { RunLogs } from './watch/run-logs.js';

interface LogsFlags extends ServerFlags {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly tail?: number;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
}

/** `workflow-graph logs`: prints the output of jobs. */
export function logsCommand(): Command {
  const command = new Command('logs')
    .description(summaries.logs)
    .argument('<run>', runArgument)
    .argument('[job]', "the job's key; all jobs when absent")
    .option('-f, --follow', 'print new output until the job, or the run, has ended')
    .addOption(new Option('--attempt <n>', 'only this attempt, from 0').argParser(parseCount))
    .addOption(new Option('-n, --tail <n>', 'only the last n lines of each job').argParser(parseCount))
    .option('-t, --timestamps', "the worker's time before each line")
    .addOption(
      new Option('--raw', 'exactly as the job wrote it, with terminal escapes').conflicts(['timestamps', 'tail']),
    );
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Without a job it prints the logs of all jobs, each line with the key of its job. Terminal escapes are removed, ' +
        'except with --raw and --json.',
    ],
    examples: [
      'workflow-graph logs ci unit',
      'workflow-graph logs -f ci       # all jobs of the newest run, until it ends',
      'workflow-graph logs -f ci unit --tail 20',
      'workflow-graph logs ci unit --attempt 0 --tail 20',
      'workflow-graph logs ci unit --raw > unit.log',
      `workflow-graph logs ci --json | jq -r 'select(.stream == "stderr").data'`,
    ],
  });
  return command.action((id: string, job: string | undefined, flags: LogsFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        if (job === undefined && (flags.attempt !== undefined || flags.raw)) {
          command.error('error: --attempt and --raw need a job', { exitCode: exitCodes.usage });
        }
        const workflow = await client.status(id);
        const runId = workflow.run_id;
        if (runId === null) {
          command.error(`error: ${escapeLine(id)} has not run yet`, { exitCode: exitCodes.notFound });
        } else if (job !== undefined) await printJob(client, runId, job, flags);
        else if (flags.follow) await followRun(client, runId, workflow, flags);
        else
          for (const { id: jobId } of await withLogs(client, workflow))
            await printStored(client, runId, jobId, workflow, flags);
      },
      { run: id, job },
    ),
  );
}

async function printJob(client: Client, runId: string, jobId: string, flags: LogsFlags): Promise<void> {
  if (!flags.follow) return printStored(client, runId, jobId, null, flags);
  await printChunks(client.followLogs(runId, jobId, partOf(flags)), null, flags);
}

/** Prints what is stored now; with a workflow, each line names its job. */
async function printStored(
  client: Client,
  runId: string,
  jobId: string,
  workflow: Workflow | null,
  flags: LogsFlags,
): Promise<void> {
  if (flags.tail === undefined || flags.json) {
    await printChunks(storedChunks(client, runId, jobId, partOf(flags)), workflow, flags);
    return;
  }
  const lines = await readLastLines(client, runId, jobId, { ...partOf(flags), count: flags.tail });
  const print = linePrinter(workflow, flags);
  for (const line of lines) await print(line);
}

/** The requested part of a log. */
function partOf({ attempt, tail }: LogsFlags): { attempt?: number; tail?: number } {
  return { ...(attempt === undefined ? {} : { attempt }), ...(tail === undefined ? {} : { tail }) };
}

async function printChunks(
  chunks: AsyncIterable<LogChunk>,
  workflow: Workflow | null,
  flags: LogsFlags,
): Promise<void> {
  const splitter = new LineSplitter();
  const print = linePrinter(workflow, flags);
  const missing = new MissingLogs();
  for await (const chunk of chunks) {
    missing.note(chunk);
    if (flags.json) await printJsonLine(chunk);
    else if (flags.raw) await printText(chunk.data);
    else for (const line of splitter.push(chunk)) await print(line);
  }
  if (!flags.json && !flags.raw) for (const line of splitter.end()) await print(line);
  remark(missing);
}

/** On stderr, so that a pipe gets only the output of the jobs. */
function remark(missing: MissingLogs): void {
  for (const line of missing.lines()) process.stderr.write(`${line}\n`);
}

async function followRun(client: Client, runId: string, workflow: Workflow, flags: LogsFlags): Promise<void> {
  const print = flags.json ? printJsonLine : linePrinter(workflow, flags);
  const logs = new RunLogs(client, runId, print);
  let { tail } = flags;
  for await (const seen of pollRun(client, runId, new AbortController().signal)) {
    if (seen.kind !== 'state') continue;
    // The log of a job follows those of its needs, even if all of them were quick.
    for (const job of startedJobs([...seen.workflow.jobs, ...seen.matrices.children]))
      logs.begin(job.id, job.depends_on, tail);
    // Jobs that start later are followed from their beginning.
    tail = undefined;
  }
  await logs.completeAll();
  remark(logs.missing);
}

/** The jobs that have a log; a job with a matrix is replaced by its children. */
async function withLogs(client: Client, { id, run_id, jobs }: Workflow): Promise<readonly Job[]> {
  const all: Job[] = [];
  for (const job of jobs) {
    if (job.children == null) all.push(job);
    else all.push(...(await client.childrenOf(run_id ?? id, job.id)).jobs);
  }
  return startedJobs(all);
}

function startedJobs(jobs: readonly Job[]): readonly Job[] {
  return jobs.filter((job) => job.started_at !== null && job.children == null);
}

/** Prints lines, with the job's key before each when the jobs of a workflow are mixed. */
function linePrinter(workflow: Workflow | null, { timestamps }: LogsFlags): (line: LogLine) => Promise<void> {
  const paint = stdoutPaint();
  const prefix = workflow === null ? () => '' : jobPrefix(workflow);
  return (line) => {
    const time = timestamps ? `${paint('dim', new Date(line.atMs).toISOString())} ` : '';
    return printLines([`${time}${prefix(line.jobId)}${line.text}`]);
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
