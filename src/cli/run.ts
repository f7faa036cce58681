import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Client, type Workflow, WorkflowGraphError } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { onInterrupt } from './interrupt.js';
import { printJson, printLines } from './print.js';
import { addInput, askForMissing, type InputFlags, type InputValues, readInputs } from './run-inputs.js';
import { addServerOptions, endWith, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { printHowToRerun } from './watch/print-how-to-rerun.js';
import { watchRun } from './watch/watch-run.js';
import { serverFlag, watchToEnd } from './watch/watch-to-end.js';
import { isFilePath, readWorkflowFile, type WorkflowFile } from './workflow-file.js';

interface RunFlags extends ServerFlags, InputFlags {
  readonly watch?: boolean;
  readonly local?: boolean;
  readonly jobs?: number;
  readonly logs?: boolean;
}

/** `workflow-graph run`: starts a workflow on the server, or runs a file here. */
export function runCommand(): Command {
  const command = new Command('run')
    .description(summaries.run)
    .argument('<workflow>', "a workflow's id, or the path of a workflow file")
    .addOption(
      new Option(
        '-i, --input <key=value>',
        'an input of the run; repeat it for more; key=@file takes the text of a file',
      )
        .argParser(addInput)
        .default({}, 'none'),
    )
    .option('--inputs <file>', 'a JSON file with inputs, or - for standard input; --input wins')
    .option('-w, --watch', 'watch the run until it has ended')
    .option('--local', 'run the file here, also with --server')
    .addOption(
      new Option('-j, --jobs <n>', 'how many jobs run here at once (default: one per processor)').argParser(parseJobs),
    )
    .option('--logs', 'also print the output of the jobs (the default where there is no live view)')
    .option('--no-logs', 'print only changes of state');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'An argument with a slash, or that ends in .yml, .yaml or .json, is a file; anything else is the id of a workflow ' +
        'on the server.',
      'A file runs on this machine to its end, without a server: in the current directory, with a temporary database. ' +
        'All labels that its jobs require count as present. With --server the file is sent to that server and runs ' +
        'there; it does not stay in the list of workflows.',
      "A workflow's id starts a run on the server and prints the run's id. With --watch it shows the run until it has " +
        'ended.',
      'Where the workflow declares inputs, all wrong ones are reported at once; on a terminal, required ones that are ' +
        'missing are prompted for. To give a text that begins with @, write @@.',
      'Ctrl-C stops watching a run on a server; the run continues. It cancels a run on this machine and waits for its jobs ' +
        'to stop; a second Ctrl-C kills them at once.',
      'The exit codes 0 and 1 mean success and failure of the run with --watch, or for a file on this machine.',
    ],
    examples: [
      'workflow-graph run ci.yml',
      'workflow-graph run ./build/release.json --jobs 2 --input version=1.2.3',
      'workflow-graph run ci --watch',
      'RUN=$(workflow-graph run ci --input branch=main)',
      'workflow-graph run ci.yml --server https://ci.example.org --watch',
    ],
  });
  return command.action(async (workflow: string, flags: RunFlags) => {
    const isFile = isFilePath(workflow);
    const isHere = flags.local || (isFile && command.getOptionValueSource('server') !== 'cli');
    if (flags.local && !isFile) usageError(command, '--local needs the path of a workflow file, such as ./ci.yml');
    if (flags.jobs !== undefined && !isHere) usageError(command, '--jobs is for a file that runs on this machine');
    const file = isFile ? await readWorkflowFile(command, workflow) : null;
    const given = await readInputs(command, flags);
    if (isHere && file !== null)
      await runHere(command, file, await askForMissing(flags, given, async () => file.inputs), flags);
    else {
      const asked = isFile ? {} : { workflow };
      await withClient(
        command,
        flags,
        async (client) => {
          const declared = async () => file?.inputs ?? (await declaredOnServer(client, workflow));
          const inputs = await askForMissing(flags, given, declared);
          await runOnServer(client, file ?? workflow, inputs, flags);
        },
        asked,
      );
    }
  });
}

/** Empty when the server does not list them; it then validates the inputs itself. */
async function declaredOnServer(client: Client, id: string) {
  try {
    return (await client.workflowInputs(id)).inputs;
  } catch (error) {
    if (error instanceof WorkflowGraphError) return [];
    throw error;
  }
}

async function runOnServer(
  client: Client,
  what: WorkflowFile | string,
  inputs: InputValues,
  flags: RunFlags,
): Promise<void> {
  const runId = await (typeof what === 'string' ? start(client, what, inputs) : sendAndStart(client, what, inputs));
  if (!flags.watch) {
    if (flags.json) await printJson({ run_id: runId });
    else await printLines([escapeLine(runId)]);
    if (process.stderr.isTTY) {
      process.stderr.write(`Watch it:  workflow-graph status ${runId} --watch${serverFlag(flags.server)}\n`);
    }
    return;
  }
  const ended = await watchToEnd(client, runId, flags);
  await finish(ended, flags);
  // The file's definition has been removed by now, but its run stays.
  if (!flags.json) printHowToRerun(ended, flags.server);
}

async function start(client: Client, id: string, inputs: InputValues): Promise<string> {
  const { run_id, warning } = await client.startRun(id, { inputs }).catch((error: unknown) => {
    throw withHint(error, id);
  });
  if (warning !== null) process.stderr.write(`warning: ${escapeLine(warning)}\n`);
  return run_id;
}

/**
 * Runs a file on a server once. Its definition is then removed from the list; the run keeps it as long as it is stored.
 */
async function sendAndStart(client: Client, { text, format }: WorkflowFile, inputs: InputValues): Promise<string> {
  const { id } = await client.createWorkflow(format === 'json' ? (JSON.parse(text) as object) : text);
  try {
    return await start(client, id, inputs);
  } finally {
    await client.removeWorkflow(id);
  }
}

/** A file name without a path is taken for a workflow's id. */
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

async function runHere(command: Command, file: WorkflowFile, inputs: InputValues, flags: RunFlags): Promise<void> {
  const slots = flags.jobs ?? availableParallelism();
  // The server's code is loaded only here.
  const { startLocalRun } = await import('./local-run.js');
  const run = await startLocalRun(file, { inputs, slots }).catch((error: unknown) => endWith(command, flags, error));
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
    if (ended !== null) await finish(ended, flags);
    if (interrupts > 0) process.exitCode = exitCodes.interrupted;
  } catch (error) {
    command.error(`error: ${escapeLine((error as Error).message)}`, { exitCode: exitCodes.failed });
  } finally {
    await run.stop();
    release();
  }
}

const cancelling = 'Cancelling; press Ctrl-C again to kill everything at once.';

async function finish(ended: Workflow, flags: RunFlags): Promise<void> {
  if (flags.json) await printJson(ended);
  process.exitCode = ended.state === 'success' ? exitCodes.done : exitCodes.failed;
}

function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: exitCodes.usage });
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1000) return jobs;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}
