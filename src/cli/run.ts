import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Client, type Workflow, WorkflowGraphError } from '@workflow-graph/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from './exit-codes.js';
import { onInterrupt } from './interrupt.js';
import { printJson, printLines } from './print.js';
import { addServerOptions, endWith, type ServerFlags, withClient } from './server-options.js';
import { harmlessLine } from './terminal/harmless.js';
import { watchRun } from './watch/watch-run.js';
import { watchToEnd } from './watch/watch-to-end.js';
import { isFilePath, readWorkflowFile, type WorkflowFile } from './workflow-file.js';

const examples = `
What has a slash or ends in .yml, .yaml or .json is a file; everything else is the id of a workflow on the server.

A file runs right here, to its end, without a server: on a database that goes away, with --jobs jobs at once, in the
current directory. This machine is taken to have every label that the jobs ask for. With --server the file is sent to
that server instead, as a workflow of its own.

A workflow's id starts a run on the server and prints the run's id; --watch shows it until it has ended.

Ctrl-C: of a run on a server it stops the watching, and the run goes on. Of a run here it cancels the run and waits for
its jobs to stop; a second one ends them and the program at once.

Examples:
  $ workflow-graph run ci.yml
  $ workflow-graph run ./build/release.json --jobs 2 --input version=1.2.3
  $ workflow-graph run ci --watch
  $ RUN=$(workflow-graph run ci --input branch=main)
  $ workflow-graph run ci.yml --server https://ci.example.org --watch

Exit codes with --watch or a file: 0 the run succeeded, 1 it failed or was cancelled, 130 Ctrl-C.`;

interface RunFlags extends ServerFlags {
  readonly input: Readonly<Record<string, string>>;
  readonly watch?: boolean;
  readonly local?: boolean;
  readonly jobs?: number;
  readonly logs?: boolean;
}

/** `workflow-graph run`: starts a workflow on the server, or runs a file here. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('run a workflow of the server, or a workflow file right here')
    .argument('<workflow>', "a workflow's id, or the path of a workflow file")
    .addOption(
      new Option('-i, --input <key=value>', 'an input of the run; may be given several times')
        .argParser(addInput)
        .default({}, 'none'),
    )
    .option('-w, --watch', 'show the run until it has ended')
    .option('--local', 'run the file here, even though --server is given')
    .addOption(
      new Option('-j, --jobs <n>', 'how many jobs run here at once (default: one for each processor)').argParser(
        parseJobs,
      ),
    )
    .option('--logs', 'also print what the jobs print (so it is where no live view is shown)')
    .option('--no-logs', 'only changes of state')
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action(async (workflow: string, flags: RunFlags) => {
    const isFile = isFilePath(workflow);
    const isHere = flags.local || (isFile && command.getOptionValueSource('server') !== 'cli');
    if (flags.local && !isFile) usageError(command, '--local needs the path of a workflow file, such as ./ci.yml');
    if (flags.jobs !== undefined && !isHere) usageError(command, '--jobs is for a file that runs here');
    const file = isFile ? await readWorkflowFile(command, workflow) : null;
    if (isHere && file !== null) await runHere(command, file, flags);
    else await withClient(command, flags, (client) => runOnServer(client, file ?? workflow, flags));
  });
}

async function runOnServer(client: Client, what: WorkflowFile | string, flags: RunFlags): Promise<void> {
  const id = typeof what === 'string' ? what : await send(client, what);
  const runId = await client.runWorkflow(id, { inputs: flags.input }).catch((error: unknown) => {
    throw withHint(error, id);
  });
  if (!flags.watch) {
    if (flags.json) printJson({ run_id: runId });
    else printLines([harmlessLine(runId)]);
    if (process.stderr.isTTY) process.stderr.write(`Watch it:  workflow-graph status ${runId} --watch\n`);
    return;
  }
  finish(await watchToEnd(client, runId, flags), flags);
}

async function send(client: Client, { text, format }: WorkflowFile): Promise<string> {
  return (await client.createWorkflow(format === 'json' ? (JSON.parse(text) as object) : text)).id;
}

/** A file of that name may be meant, which takes its path. */
function withHint(error: unknown, id: string): unknown {
  if (!(error instanceof WorkflowGraphError) || error.status !== 404) return error;
  const file = [`workflows/${id}.yml`, `${id}.yml`].find((path) => existsSync(path));
  if (file === undefined) return error;
  const { status, code, reason, message, problems } = error;
  return new WorkflowGraphError({
    status,
    code,
    reason,
    problems,
    message: `${message} on the server; to run the file here: workflow-graph run ${file.includes('/') ? file : `./${file}`}`,
  });
}

async function runHere(command: Command, file: WorkflowFile, flags: RunFlags): Promise<void> {
  const slots = flags.jobs ?? availableParallelism();
  // The server's code is loaded only by those who need it.
  const { startLocalRun } = await import('./local-run.js');
  const run = await startLocalRun(file, { inputs: flags.input, slots }).catch((error: unknown) =>
    endWith(command, flags, error),
  );
  let interrupts = 0;
  const release = onInterrupt((count) => {
    interrupts = count;
    if (count > 1) process.exit(exitCodes.interrupted);
    if (process.stdout.isTTY !== true) process.stderr.write(`${cancelling}\n`);
    run.client.cancel(run.runId).catch(() => process.exit(exitCodes.interrupted));
  });
  try {
    const watching = watchRun({
      client: run.client,
      runId: run.runId,
      signal: new AbortController().signal,
      note: () => (interrupts > 0 ? cancelling : null),
      logs: flags.logs ?? null,
      quiet: flags.json === true,
    });
    const ended = await Promise.race([watching, run.broken]);
    if (ended !== null) finish(ended, flags);
    if (interrupts > 0) process.exitCode = exitCodes.interrupted;
  } catch (error) {
    command.error(`error: ${harmlessLine((error as Error).message)}`, { exitCode: exitCodes.failed });
  } finally {
    await run.stop();
    release();
  }
}

const cancelling = 'Cancelling; Ctrl-C again ends everything at once.';

function finish(ended: Workflow, flags: RunFlags): void {
  if (flags.json) printJson(ended);
  process.exitCode = ended.state === 'success' ? exitCodes.done : exitCodes.failed;
}

function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: exitCodes.usage });
}

function addInput(text: string, inputs: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write it as key=value.');
  // A key such as __proto__ is a key like any other.
  return Object.fromEntries([...Object.entries(inputs), [text.slice(0, equals), text.slice(equals + 1)]]);
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1000) return jobs;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}
