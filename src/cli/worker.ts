import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonLogger, textLogger, Worker, WorkflowGraphError } from '#client';
import { version } from '../version.js';
import { caFileOption, readCertificates } from './ca-file.js';
import { writingHealthFile } from './health-file.js';
import { addHelp } from './help.js';
import { restartWithout, takeCredentials, withoutUserInfo } from './hide-credentials.js';
import { readToken, whenOwnerIsGone } from './owner-pipe.js';
import { summaries } from './summaries.js';

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
  readonly passEnv: readonly string[];
  readonly onlyLabelled: boolean;
  readonly healthFile?: string;
  readonly ownedByStdin?: true;
  readonly credentials?: string;
}

/** `workflow-graph worker`: runs shell jobs until a signal. */
export function workerCommand(): Command {
  const command = new Command('worker')
    .description(summaries.worker)
    .addOption(new Option('--server <url>', 'the server').env('SERVER_URL').default('http://localhost:3000'))
    .addOption(
      new Option('--labels <a,b>', 'labels of this worker')
        .env('WORKER_LABELS')
        .argParser(parseNames)
        .default([], 'none'),
    )
    .addOption(
      new Option('--only-labelled [yes]', 'take only jobs that require a label')
        .env('WORKER_ONLY_LABELLED')
        .preset('true')
        .argParser(parseYesOrNo)
        .default(false, 'every job'),
    )
    .addOption(
      new Option('--slots <n>', 'how many jobs run at once').env('WORKER_SLOTS').argParser(parseCount).default(1),
    )
    .addOption(
      new Option('--transport <transport>', 'gRPC streams with plain HTTP as a fallback, or plain HTTP only')
        .choices(['stream', 'http'])
        .default('stream'),
    )
    .addOption(
      new Option('--id <id>', 'the name of this worker (default: host name and random characters)').env('WORKER_ID'),
    )
    .addOption(new Option('--token-file <file>', 'file with the access token').env('WORKFLOW_GRAPH_TOKEN_FILE'))
    .addOption(new Option('--token <token>', 'the token itself; a file is safer').env('WORKFLOW_GRAPH_TOKEN'))
    .addOption(caFileOption())
    .addOption(
      new Option('--lease-ttl <seconds>', 'lease time: a job is requeued after this long without a heartbeat')
        .argParser(parseCount)
        .default(30),
    )
    .addOption(new Option('--workdir <dir>', 'directory that jobs start in (default: the current one)'))
    .addOption(
      new Option(
        '--pass-env <names>',
        'more variables for the jobs, separated by commas; AWS_* means every name with that prefix',
      )
        .env('WORKER_PASS_ENV')
        .argParser(parseNames)
        .default([], 'none'),
    )
    .addOption(
      new Option('--grace <seconds>', 'time from asking a job to stop to killing it')
        .argParser(parseSeconds)
        .default(10),
    )
    .addOption(
      new Option('--drain-timeout <seconds>', 'how long running jobs may take after a signal')
        .argParser(parseSeconds)
        .default(60),
    )
    .addOption(new Option('--log-format <format>', 'how to print events').choices(['text', 'json']).default('text'))
    .addOption(
      new Option('--health-file <file>', 'file to write every 5 s while the server answers, for health checks').env(
        'WORKER_HEALTH_FILE',
      ),
    )
    .addOption(
      // For a worker that belongs to the process at the other end of the pipe, which may end in any way.
      new Option('--owned-by-stdin', 'read the token from standard input, and drain when it ends').hideHelp(),
    )
    .addOption(new Option('--credentials <file>', 'read the server and the token from this file').hideHelp())
    .action(runWorker);
  return addHelp(command, {
    about: [
      'The worker claims jobs whose labels it has. It runs each in its own process group and sends the output as it ' +
        'comes. A job finds its ids, its inputs and the outputs of the jobs it needs in its environment ' +
        '(WORKFLOW_GRAPH_*, INPUT_<KEY>, NEEDS_<JOB>_RESULT, NEEDS_<JOB>_<KEY>) and in the JSON file that $WORKFLOW_GRAPH_CONTEXT names. It ' +
        'sets outputs with lines "key=value" in the file $WORKFLOW_GRAPH_OUTPUT, or "::set-output key=value" on stdout.',
      'A job gets these variables of the environment of the worker: PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, LANG, ' +
        'LANGUAGE, LC_*, TZ and TERM, and those that --pass-env names. It never gets a setting of workflow-graph, such ' +
        'as the token or DATABASE_URL.',
      'SIGTERM, SIGINT, SIGQUIT or SIGHUP (a terminal that closes): no new jobs; running jobs may finish within ' +
        '--drain-timeout. A second signal other than SIGHUP ends them.',
    ],
    examples: [
      'workflow-graph worker',
      'workflow-graph worker --labels linux,docker --slots 4 --workdir /var/lib/ci',
      'workflow-graph worker --server https://ci.example.org \\\n      --token-file /etc/workflow-graph/token',
      "workflow-graph worker --pass-env 'AWS_*,DOCKER_HOST'",
      'SERVER_URL=http://ci:3000 WORKER_LABELS=linux,gpu workflow-graph worker',
    ],
  });
}

async function runWorker(given: WorkerFlags, command: Command): Promise<void> {
  const flags = await withCredentials(given, command);
  const worker = await makeWorker(flags, command);
  if (flags.ownedByStdin !== undefined) endWithOwner(worker, flags);
  outliveReaders();
  try {
    await worker.runUntilSignal();
  } catch (error) {
    command.error(`error: ${refusalText(error, withoutUserInfo(flags.server))}`, { exitCode: 1 });
  } finally {
    process.stdin.destroy();
  }
}

/**
 * Other commands end when the reader of their output closes the pipe. A worker whose terminal closes, or whose log
 * reader ends, still has jobs to end and report.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {});
}

/** The flags with the server and the token, which come from the command line or by one of the other ways. */
async function withCredentials(flags: WorkerFlags, command: Command): Promise<WorkerFlags> {
  if (flags.credentials !== undefined) return { ...flags, ...takeCredentials(flags.credentials) };
  if (flags.ownedByStdin !== undefined) {
    const token = await readToken(process.stdin);
    if (token !== undefined) return { ...flags, token };
  }
  const { token: visible, ...others } = flags;
  const token = flags.tokenFile === undefined ? visible : await tokenIn(flags.tokenFile, command);
  restartWithout({ server: flags.server, ...(token === undefined ? {} : { token }) }, '--credentials');
  delete process.env.WORKFLOW_GRAPH_TOKEN;
  return token === undefined ? others : { ...others, token };
}

async function tokenIn(file: string, command: Command): Promise<string> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token === '') throw new Error(`--token-file: ${file} is empty`);
    return token;
  } catch (error) {
    return command.error(`error: ${(error as Error).message}`, { exitCode: 2 });
  }
}

async function makeWorker(flags: WorkerFlags, command: Command): Promise<Worker> {
  try {
    if (flags.workdir !== undefined && !statSync(flags.workdir, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Error(`--workdir: ${flags.workdir} is not a directory`);
    }
    const printing = flags.logFormat === 'json' ? jsonLogger(process.stdout) : textLogger(process.stdout);
    const logger = flags.healthFile === undefined ? printing : writingHealthFile(printing, flags.healthFile);
    const server = {
      serverUrl: flags.server,
      ...(flags.token === undefined ? {} : { token: flags.token }),
      ...(flags.caFile === undefined ? {} : { ca: await readCertificates(flags.caFile) }),
    };
    return new Worker({
      ...server,
      labels: flags.labels,
      slots: flags.slots,
      transport: flags.transport,
      leaseTtlSecs: flags.leaseTtl,
      graceMs: flags.grace * 1000,
      drainTimeoutMs: flags.drainTimeout * 1000,
      logger,
      // A worker that belongs to a server has that server's version.
      software: flags.ownedByStdin ? null : { version, update: `to update it, ${updateOf(flags.server)}` },
      ...(flags.id === undefined ? {} : { workerId: flags.id }),
      onlyLabelled: flags.onlyLabelled,
      passEnv: flags.passEnv,
      ...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return command.error(
      `error: ${message.replace(/^passEnv:/, '--pass-env:').replace(/^onlyLabelled:/, '--only-labelled:')}`,
      { exitCode: 2 },
    );
  }
}

function updateOf(serverUrl: string): string {
  return `fetch ${withoutUserInfo(serverUrl).replace(/\/+$/, '')}/worker.mjs and start it again`;
}

/** How long, after the grace, the worker may take to report to a server that is probably gone too. */
const lastReportsMs = 3_000;

function endWithOwner(worker: Worker, { grace, drainTimeout }: WorkerFlags): void {
  whenOwnerIsGone(process.stdin, () => {
    void worker.stop();
    setTimeout(() => process.exit(1), (drainTimeout + grace) * 1000 + lastReportsMs).unref();
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

function parseYesOrNo(text: string): boolean {
  if (['true', '1', 'yes'].includes(text.toLowerCase())) return true;
  if (['', 'false', '0', 'no'].includes(text.toLowerCase())) return false;
  throw new InvalidArgumentError('It must be true or false.');
}

function parseNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
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
