import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorText, PermanentError, RetryableError } from '../errors.js';
import type { Executor, Feature, JobContext } from '../executor.js';
import { sleep } from '../sleep.js';
import type { ClaimedJob, Outputs } from '../wire.js';
import { contextJson, jobEnvironment } from './environment.js';
import { type FreshWorkspace, makeFreshWorkspace } from './fresh-workspace.js';
import { type OutputPipes, openOutputPipes } from './output-pipes.js';
import { checkPassEnv } from './passed-variables.js';
import { ProcessTree } from './process-tree.js';
import { readOutputsFile } from './read-outputs-file.js';
import { SetOutputScanner } from './set-output.js';
import { startDirectoryFault } from './start-directory.js';
import { StepTracker } from './step-tracker.js';

/** How long output may still come when the shell has ended, from processes that it left in the background. */
const LINGER_MS = 2_000;
/** Linux takes 128 KiB for one argument; a longer command is run from a file. */
const COMMAND_ARGUMENT_BYTES_MAX = 100 * 1024;
/** The server stores 4096 characters of error text; the rest is for the status line. */
const STDERR_TAIL_CHARACTERS = 3_900;

export interface ShellOptions {
  /** The directory that jobs start in; this process's own when absent. */
  readonly workdir?: string;
  /** From SIGTERM to SIGKILL, in milliseconds; 10000 when absent. */
  readonly graceMs?: number;
  /**
   * Variables of this process that jobs get in addition to PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, LANG, LANGUAGE,
   * LC_*, TZ and TERM. A name may end in `*`: `AWS_*`. Settings of workflow-graph itself cannot be passed.
   */
  readonly passEnv?: readonly string[];
  /** Variables of this process that contain one of these texts are kept from jobs. */
  readonly secrets?: readonly string[];
  /** Gets the process group of each job, for a supervisor that ends jobs if this process is killed. */
  readonly onGroup?: (groupId: number, change: 'started' | 'ended') => void;
}

/**
 * Runs `job.command` with `sh -c`, in a process group of its own, with no input. Its output is the job's log; its
 * outputs are those of `::set-output key=value` lines on stdout and of the outputs file, which wins.
 *
 * A job that requires `feature:workspace` runs in an empty directory of its own, which is deleted afterwards.
 *
 * A status other than 0 is a retryable failure; its text is the step that failed, the status and the end of stderr. When the shell has ended,
 * what it left running in its process group is ended too. A job whose shell cannot be started fails retryably, because
 * another machine may be able to; one whose command no machine can take fails for good.
 */
export function shellExecutor(options: ShellOptions = {}): Executor {
  checkPassEnv(options.passEnv ?? []);
  const execute: Executor = async (job, context) => {
    const directory = await makeDirectory();
    let workspace: FreshWorkspace | null = null;
    try {
      workspace = await workspaceOf(job);
      const workdir = workspace === null ? {} : { workdir: workspace.path };
      return await runInDirectory(directory, job, context, { ...options, ...workdir });
    } finally {
      await workspace?.remove();
      // The job may have left something that cannot be deleted. Its result does not depend on that.
      await rm(directory, { recursive: true, force: true, maxRetries: 2 }).catch(() => {});
    }
  };
  return Object.assign(execute, { features });
}

const features = ['feature:exit-codes', 'feature:workspace'] as const satisfies readonly Feature[];

async function workspaceOf({ required_labels }: ClaimedJob): Promise<FreshWorkspace | null> {
  if (!required_labels.includes('feature:workspace' satisfies Feature)) return null;
  try {
    return await makeFreshWorkspace();
  } catch (error) {
    throw new RetryableError(`the worker cannot make an empty directory for the job: ${errorText(error)}`);
  }
}

async function makeDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'workflow-graph-'));
  } catch (error) {
    throw new RetryableError(`the worker cannot make a directory for the job's files: ${errorText(error)}`);
  }
}

async function runInDirectory(
  directory: string,
  job: ClaimedJob,
  context: JobContext,
  options: ShellOptions,
): Promise<Outputs> {
  if (job.command.includes('\0')) throw new PermanentError('the command holds a NUL character, which no shell takes');
  const places = {
    attemptId: randomUUID(),
    outputsFile: join(directory, 'outputs'),
    contextFile: join(directory, 'context.json'),
  };
  const directoryFault = startDirectoryFault(options.workdir);
  if (directoryFault !== null) throw new RetryableError(directoryFault);
  await writeFile(places.outputsFile, '', { mode: 0o600 });
  await writeFile(places.contextFile, contextJson(job, context), { mode: 0o600 });
  const pipes = await openOutputPipes(directory);
  const child = spawn('/bin/sh', await shellArguments(directory, job.command), {
    cwd: options.workdir,
    env: jobEnvironment(job, context, places, { passEnv: options.passEnv ?? [], secrets: options.secrets ?? [] }),
    detached: true,
    stdio: ['ignore', pipes.stdoutFd, pipes.stderrFd],
  });
  pipes.closeWriters();
  const steps = new StepTracker(job);
  const output = new JobOutput(pipes, context, steps);
  const ended = await whenEnded(child, places.attemptId, output, context, options);
  const failure = failureText(ended);
  if (failure !== null) {
    throw new RetryableError(withStderr(steps.named(failure), output.stderrTail), { exitCode: exitCodeOf(ended) });
  }
  return Object.fromEntries([...output.outputs, ...(await outputsOf(places.outputsFile))]);
}

async function outputsOf(outputsFile: string): Promise<Map<string, string>> {
  try {
    return await readOutputsFile(outputsFile);
  } catch (error) {
    throw new PermanentError(errorText(error), { cause: error });
  }
}

async function shellArguments(directory: string, command: string): Promise<string[]> {
  if (Buffer.byteLength(command) <= COMMAND_ARGUMENT_BYTES_MAX) return ['-c', command];
  const file = join(directory, 'command');
  await writeFile(file, command, { mode: 0o600 });
  return [file];
}

interface ShellEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Waits for the shell, its output, and what it left behind; ends all of it when the job is to end. */
async function whenEnded(
  child: ChildProcess,
  attemptId: string,
  output: JobOutput,
  context: JobContext,
  { graceMs: ownGraceMs = 10_000, onGroup = () => {} }: ShellOptions,
): Promise<ShellEnd> {
  const { signal } = context;
  const exited = new Promise<ShellEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, exitSignal) => resolve({ exitCode, signal: exitSignal }));
  });
  if (child.pid === undefined) {
    await exited.catch((error: unknown) => {
      throw new RetryableError(`the shell could not be started: ${errorText(error)}`);
    });
    throw new RetryableError('the shell could not be started');
  }
  const tree = new ProcessTree(child.pid, `WORKFLOW_GRAPH_ATTEMPT_ID=${attemptId}`);
  const groupId = child.pid;
  onGroup(groupId, 'started');
  let ending: Promise<void> | null = null;
  const endAll = () => {
    ending ??= tree.end(Math.min(ownGraceMs, context.graceMs));
  };
  signal.addEventListener('abort', endAll, { once: true });
  if (signal.aborted) endAll();
  try {
    const end = await exited;
    output.neverWait();
    await output.endedWithin(ending === null ? LINGER_MS : 0);
    if (ending === null && (tree.groupIsAlive() || !output.hasEnded))
      ending = tree.end(Math.min(ownGraceMs, LINGER_MS));
    await ending;
    await output.endedWithin(LINGER_MS);
    output.close();
    return end;
  } finally {
    signal.removeEventListener('abort', endAll);
    tree.forget();
    onGroup(groupId, 'ended');
  }
}

function failureText(end: ShellEnd): string | null {
  if (end.signal !== null) return `killed by ${end.signal}`;
  return end.exitCode === 0 ? null : `exit status ${end.exitCode}`;
}

/** As a shell gives it for a command that a signal ended. */
function exitCodeOf({ exitCode, signal }: ShellEnd): number | null {
  return signal === null ? exitCode : 128 + constants.signals[signal];
}

function withStderr(failure: string, stderrTail: string): string {
  const tail = stderrTail.trim();
  return tail === '' ? failure : `${failure}\n${tail}`;
}

/** Reads both streams as they come, as text, into the job's log. */
class JobOutput {
  hasEnded = false;
  stderrTail = '';
  readonly #pipes: OutputPipes;
  readonly #log: JobContext['log'];
  readonly #scanner = new SetOutputScanner();
  readonly #ended: Promise<void>;
  #mayWait = true;

  constructor(pipes: OutputPipes, context: JobContext, steps: StepTracker) {
    this.#pipes = pipes;
    this.#log = context.log;
    const stdout = this.#follow(pipes.stdout, (text) => {
      this.#scanner.write(text);
      steps.write(text);
      return this.#log.stdout(text);
    });
    const stderr = this.#follow(pipes.stderr, (text) => {
      this.stderrTail = (this.stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
      return this.#log.stderr(text);
    });
    this.#ended = Promise.all([stdout, stderr]).then(() => {
      this.#scanner.end();
      this.hasEnded = true;
    });
  }

  get outputs(): ReadonlyMap<string, string> {
    return this.#scanner.outputs;
  }

  /** Resolves when all was read, or the time is up. */
  async endedWithin(ms: number): Promise<void> {
    const timeUp = new AbortController();
    await Promise.race([this.#ended, sleep(ms, timeUp.signal)]);
    timeUp.abort();
  }

  /** The shell has ended: what is still in the pipes is read whether or not the log is full. */
  neverWait(): void {
    this.#mayWait = false;
    this.#resume();
  }

  close(): void {
    this.#pipes.stdout.destroy();
    this.#pipes.stderr.destroy();
  }

  /** Resolves when the stream has ended or was closed. Bytes that are no UTF-8 become U+FFFD. */
  #follow(stream: Readable, write: (text: string) => Promise<void>): Promise<void> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    stream.on('data', (bytes: Buffer) => {
      const room = write(decoder.decode(bytes, { stream: true }));
      if (!this.#log.isFull || !this.#mayWait) return;
      this.#pause();
      void room.then(() => this.#resume());
    });
    return new Promise((resolve) => {
      stream.once('error', () => stream.destroy());
      stream.once('close', () => {
        void write(decoder.decode());
        resolve();
      });
    });
  }

  /** Both streams wait together, so that their order is kept. */
  #pause(): void {
    this.#pipes.stdout.pause();
    this.#pipes.stderr.pause();
  }

  #resume(): void {
    if (this.#pipes.stdout.isPaused()) this.#pipes.stdout.resume();
    if (this.#pipes.stderr.isPaused()) this.#pipes.stderr.resume();
  }
}
