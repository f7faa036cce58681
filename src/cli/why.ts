import type { JobAttempt, JobExplanation } from '@workflow-graph/client';
import { Command } from 'commander';
import { printJson, printLines, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { markOf, paintState } from './states.js';
import { harmlessLine } from './terminal/harmless.js';
import { tableLines } from './terminal/table.js';
import { ago, duration } from './terminal/times.js';

const examples = `
Says what a job waits for (needs, labels, workers, a delay, jobs ahead of it), why it was retried, skipped or cancelled,
how it failed, or who runs it.

Examples:
  $ workflow-graph why ci deploy
  $ workflow-graph why 0198f2c4-77aa-7c31-9d52-6f1be0a1f8d4 train --json | jq '.reasons[0].code'`;

/** `workflow-graph why`: tells why a job is in the state that it is in. */
export function whyCommand(): Command {
  const command = new Command('why')
    .description('say why a job waits, was retried, was skipped or failed')
    .argument('<run>', "a run's id, or a workflow's, which means its newest run")
    .argument('<job>', "the job's key")
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((run: string, job: string, flags: ServerFlags) =>
    withClient(command, flags, async (client) => {
      const explanation = await client.explain(run, job);
      if (flags.json) printJson(explanation);
      else print(explanation);
    }),
  );
}

function print({ run_id, workflow, job_id, status, at_ms, reasons, attempts }: JobExplanation): void {
  const paint = stdoutPaint();
  const head = `${paintState(paint, status, `${markOf(status)} ${harmlessLine(job_id)}`)} of ${harmlessLine(workflow)}`;
  printLines([`${head}, run ${harmlessLine(run_id)}: ${paintState(paint, status)}`, '']);
  printLines(reasons.map(({ message }) => harmlessLine(message)));
  if (attempts.length === 0) return;
  printLines(['']);
  printLines(
    tableLines<JobAttempt>(
      [
        { heading: 'ATTEMPT', text: ({ attempt }) => String(attempt) },
        { heading: 'OUTCOME', text: ({ outcome }) => outcome ?? 'running' },
        { heading: 'STARTED', text: ({ started_at_ms }) => ago(started_at_ms, at_ms) },
        { heading: 'TOOK', text: ({ started_at_ms, ended_at_ms }) => duration((ended_at_ms ?? at_ms) - started_at_ms) },
        { heading: 'WORKER', text: ({ worker_id }) => harmlessLine(worker_id) },
        { heading: 'ERROR', text: ({ error }) => harmlessLine((error ?? '').trim().split('\n', 1)[0] ?? '') },
      ],
      attempts,
      { output: process.stdout, paint },
    ),
  );
}
