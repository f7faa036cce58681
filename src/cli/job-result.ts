import type { JobDetails } from '#client';
import { escapeControls, escapeLine } from '../telemetry/escape-controls.js';
import { printLines, stdoutPaint } from './print.js';
import { markOf, paintState, stateOfJob } from './states.js';

/** Prints what lists show in part: the whole error text of a job, and its outputs. */
export async function printJobResult({ run_id, workflow, job }: JobDetails): Promise<void> {
  const paint = stdoutPaint();
  const state = paintState(paint, job.status, stateOfJob(job));
  const head = `${paintState(paint, job.status, `${markOf(job.status)} ${escapeLine(job.id)}`)} of ${escapeLine(workflow)}`;
  await printLines([`${head}, run ${escapeLine(run_id)}: ${state}`]);
  if (job.output !== null && job.output !== '') await printLines(['', ...textLines(job.output)]);
  const outputs = Object.entries(job.outputs ?? {});
  if (outputs.length > 0) await printLines(['', ...outputs.flatMap(([key, value]) => textLines(`${key}=${value}`))]);
}

/** A text of a job, of several lines, as a terminal may show it. */
export function textLines(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => escapeControls(line));
}
