import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { jsonLogger, textLogger, Worker, WorkflowGraphError } from '@workflow-graph/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { caFileOption, readCertificates } from './ca-file.js';

const EXAMPLES = `
The worker claims jobs whose labels it has all of, runs each with "sh -c" in a process group of its own, and sends
its output as it comes. A job finds its ids, inputs and the outputs of the jobs it needs in its environment
(WORKFLOW_GRAPH_*, INPUT_<KEY>, NEEDS_<JOB>_<KEY>) and in the JSON file that $WORKFLOW_GRAPH_CONTEXT names. It sets
outputs by lines "key=value" in the file $WORKFLOW_GRAPH_OUTPUT, or "::set-output key=value" on stdout.

SIGTERM or SIGINT: no new jobs; running ones may finish within --drain-timeout. A second one ends them now.

Examples:
  $ workflow-graph worker
  $ workflow-graph worker --server https://ci.example.org --token-file /etc/workflow-graph/token
  $ workflow-graph worker --labels linux,docker --slots 4 --workdir /var/lib/ci
  $ SERVER_URL=http://my-server:3000 WORKER_LABELS=docker,linux,gpu workflow-graph worker`;

interface WorkerFlags {
  readonly server: string;
  readonly labels: readonly string[];
  readonly slots: number;
  readonly transport: 'stream' | 'http';
  readonly id?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly leaseTtl: number;
  readonly workdir?: string;
  readonly grace: number;
  readonly drainTimeout: number;
  readonly logFormat: 'text' | 'json';
  readonly untilStdinEnds?: boolean;
}

/** `workflow-graph worker`: runs shell jobs until a signal. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('run jobs: claim them from a server and run their commands on this machine')
    .addOption(new Option('--server <url>', 'the server').env('SERVER_URL').default('http://localhost:3000'))
    .addOption(
      new Option('--labels <a,b>', 'what this worker can do')
        .env('WORKER_LABELS')
        .argParser(parseLabels)
        .default([], 'none'),
    )
    .addOption(
      new Option('--slots <n>', 'how many jobs run at once').env('WORKER_SLOTS').argParser(parseCount).default(1),
    )
    .addOption(
      new Option('--transport <transport>', 'gRPC streams, where they can be had, or plain HTTP')
        .choices(['stream', 'http'])
        .default('stream'),
    )
    .addOption(
      new Option('--id <id>', 'the name of this worker (default: host name and random characters)').env('WORKER_ID'),
    )
    .addOption(
      new Option('--token-file <file>', 'a file with the token that the server wants').env('WORKFLOW_GRAPH_TOKEN_FILE'),
    )
    .addOption(
      new Option('--token <token>', 'the token itself; others on this machine can see it').env('WORKFLOW_GRAPH_TOKEN'),
    )
    .addOption(caFileOption())
    .addOption(
      new Option('--lease-ttl <seconds>', 'how long a job stays with a worker that is not heard of')
        .argParser(parseCount)
        .default(30),
    )
    .addOption(new Option('--workdir <dir>', 'the directory that jobs start in (default: the current one)'))
    .addOption(
      new Option('--grace <seconds>', 'from asking a job to end to forcing it to').argParser(parseSeconds).default(10),
    )
    .addOption(
      new Option('--drain-timeout <seconds>', 'how long jobs may go on after a signal')
        .argParser(parseSeconds)
        .default(60),
    )
    .addOption(new Option('--log-format <format>', 'how to print events').choices(['text', 'json']).default('text'))
    .addOption(
      // For a worker that belongs to one process: what holds the other end of the pipe may die in any way.
      new Option('--until-stdin-ends', 'end, and end the jobs, when standard input does').hideHelp(),
    )
    .addHelpText('after', EXAMPLES)
    .action(runWorker);
}

async function runWorker(flags: WorkerFlags, command: Command): Promise<void> {
  const worker = await makeWorker(flags, command);
  // Neither jobs nor what else this process starts need it from here on.
  delete process.env.WORKFLOW_GRAPH_TOKEN;
  if (flags.untilStdinEnds) terminateWithStdin(worker, flags.grace);
  try {
    await worker.runUntilSignal();
  } catch (error) {
    command.error(`error: ${refusalText(error, flags.server)}`, { exitCode: 1 });
  } finally {
    process.stdin.destroy();
  }
}

async function makeWorker(flags: WorkerFlags, command: Command): Promise<Worker> {
  try {
    if (flags.workdir !== undefined && !statSync(flags.workdir, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Error(`--workdir: ${flags.workdir} is not a directory`);
    }
    const token = flags.tokenFile === undefined ? flags.token : await readToken(flags.tokenFile);
    return new Worker({
      serverUrl: flags.server,
      labels: flags.labels,
      slots: flags.slots,
      transport: flags.transport,
      leaseTtlSecs: flags.leaseTtl,
      graceMs: flags.grace * 1000,
      drainTimeoutMs: flags.drainTimeout * 1000,
      logger: flags.logFormat === 'json' ? jsonLogger(process.stdout) : textLogger(process.stdout),
      ...(flags.id === undefined ? {} : { workerId: flags.id }),
      ...(token === undefined ? {} : { token }),
      ...(flags.caFile === undefined ? {} : { ca: await readCertificates(flags.caFile) }),
      ...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
    });
  } catch (error) {
    return command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 2 });
  }
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`--token-file: ${file} is empty`);
  return token;
}

/** How long, after the grace, the worker may take to say good-bye to a server that is likely to be gone too. */
const goodByeMs = 3_000;

function terminateWithStdin(worker: Worker, graceSecs: number): void {
  process.stdin.resume().once('end', () => {
    void worker.terminate();
    setTimeout(() => process.exit(1), graceSecs * 1000 + goodByeMs).unref();
  });
}

function refusalText(error: unknown, server: string): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof WorkflowGraphError)) return text;
  if (error.status === 401) return `${server} wants a valid token: ${text} (give one with --token-file)`;
  if (error.status === 403) return `${server} does not allow this token to work: ${text} (it needs the worker scope)`;
  if (error.status === 404) return `${server} does not look like a workflow-graph server: ${text}`;
  return `${server} refused this worker: ${text}`;
}

function parseLabels(text: string): readonly string[] {
  return text
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return count;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0)) throw new InvalidArgumentError('It must be a number of seconds from 0.');
  return seconds;
}
