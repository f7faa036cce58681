import { Command, InvalidArgumentError, Option } from 'commander';
import type { JobAttempt, JobDetails, JobExplanation, StepState } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { textLines } from './job-result.js';
import { printJson, printLines, printTable, stdoutPaint } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { markOf, paintState } from './states.js';
import { summaries } from './summaries.js';
import { sizeText } from './terminal/sizes.js';
import { ago, duration } from './terminal/times.js';
import { explainRun } from './why-run/explain-run.js';
import { printRun } from './why-run/print-run.js';

interface WhyFlags extends ServerFlags {
  readonly attempt?: number;
}

/** `workflow-graph why`: explains why a job, or a whole run, is in its state. */
export function whyCommand(): Command {
  const command = new Command('why')
    .description(summaries.why)
    .argument('<run>', runArgument)
    .argument('[job]', "the job's key; without it, what holds up or failed the run")
    .addOption(new Option('--attempt <n>', 'print the whole error text of this attempt, from 0').argParser(parseCount));
  addServerOptions(command);
  addHelp(command, {
    about: [
      'For a job: what it waits for (needs, labels, workers, a delay, jobs ahead of it), why it was retried, skipped or ' +
        'cancelled, how it failed, or which worker runs it.',
      'For a run: the jobs that keep others from running come first, and jobs with the same reason are one entry.',
    ],
    examples: [
      'workflow-graph why ci',
      'workflow-graph why ci deploy',
      'workflow-graph why ci deploy --attempt 0',
      "workflow-graph why 01a2004b-6fc8 train --json | jq -r '.reasons[0].code'",
    ],
  });
  return command.action((run: string, job: string | undefined, flags: WhyFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        if (job === undefined) {
          if (flags.attempt !== undefined) command.error('error: --attempt needs a job', { exitCode: exitCodes.usage });
          const explanation = await explainRun(client, await client.status(run));
          if (flags.json) await printJson(explanation);
          else await printRun(explanation);
          return;
        }
        const { attempt } = flags;
        const explanation = await client.explain(run, job, attempt === undefined ? {} : { attempt });
        if (attempt !== undefined && !flags.json) return await printError(explanation);
        if (flags.json) return await printJson(explanation);
        await printExplanation(explanation);
        if (explanation.attempts.length > 0)
          await printSteps(await client.job(explanation.run_id, job), explanation.at_ms);
      },
      { run, job },
    ),
  );
}

const exitColumn = { heading: 'EXIT', text: ({ exit_code }: JobAttempt) => String(exit_code ?? '') };

async function printExplanation(explanation: JobExplanation): Promise<void> {
  const { run_id, workflow, job_id, status, at_ms, reasons, attempts } = explanation;
  const paint = stdoutPaint();
  const head = `${paintState(paint, status, `${markOf(status)} ${escapeLine(job_id)}`)} of ${escapeLine(workflow)}`;
  await printLines([`${head}, run ${escapeLine(run_id)}: ${paintState(paint, status)}`, '']);
  await printLines(reasons.map(({ message }) => escapeLine(message)));
  for (const { attempt, log_missing_bytes: missing, error } of attempts) {
    if (error?.endsWith('…'))
      await printLines([`The error text of attempt ${attempt} is cut: --attempt ${attempt} prints all of it.`]);
    if (missing != null)
      await printLines([`The log of attempt ${attempt} lacks ${sizeText(missing)} in the middle: it was too long.`]);
  }
  if (attempts.length === 0) return;
  await printLines(['']);
  await printTable<JobAttempt>(
    [
      { heading: 'ATTEMPT', text: ({ attempt }) => String(attempt) },
      { heading: 'OUTCOME', text: ({ outcome }) => outcome ?? 'running' },
      ...(attempts.some(({ exit_code }) => exit_code != null) ? [exitColumn] : []),
      { heading: 'STARTED', text: ({ started_at_ms }) => ago(started_at_ms, at_ms) },
      { heading: 'TOOK', text: ({ started_at_ms, ended_at_ms }) => duration((ended_at_ms ?? at_ms) - started_at_ms) },
      { heading: 'WORKER', text: ({ worker_id }) => escapeLine(worker_id) },
      {
        heading: 'ERROR',
        text: ({ error }) => escapeLine((error ?? '').trim().split('\n', 1)[0] ?? ''),
        wraps: true,
      },
    ],
    attempts,
    '',
  );
}

/** The error text of the one attempt. */
async function printError({ attempts: [attempt] }: JobExplanation): Promise<void> {
  await printLines(textLines(attempt?.error ?? 'This attempt has no error.'));
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

interface StepRow {
  readonly number: number;
  readonly name: string;
  readonly state: StepState;
}

/** How far each step is in the newest attempt. A server from before says nothing of it. */
async function printSteps({ steps, step_states: states = [] }: JobDetails, nowMs: number): Promise<void> {
  const rows = steps.flatMap(({ name }, at): StepRow[] => {
    const state = states[at];
    return state === undefined ? [] : [{ number: at + 1, name, state }];
  });
  if (rows.length === 0) return;
  const paint = stdoutPaint();
  await printLines(['']);
  await printTable<StepRow>(
    [
      {
        heading: '  STEP',
        text: ({ number, name, state }) => `${markOf(state.status)} ${number} ${escapeLine(name)}`,
        paint: ({ state }, text) => paintState(paint, state.status, text),
        wraps: true,
      },
      { heading: 'STATUS', text: ({ state }) => state.status },
      { heading: 'TOOK', text: ({ state }) => tookText(state, nowMs) },
    ],
    rows,
    '',
  );
}

function tookText({ status, started_at_ms: begun, ended_at_ms: ended }: StepState, nowMs: number): string {
  if (begun === null || (ended === null && status !== 'running')) return '';
  return duration(Math.max(0, (ended ?? nowMs) - begun));
}
