import { escapeLine } from '../../telemetry/escape-controls.js';
import { printLines, stdoutPaint } from '../print.js';
import { isOpen, markOf, paintState } from '../states.js';
import { wrapWords } from '../terminal/wrap-words.js';
import { nameJobs } from '../watch/waiting.js';
import type { RunCause, RunExplanation } from './explain-run.js';

/** Further causes are counted. */
const causesShown = 20;
const jobsNamed = 5;

/** Prints why a run is in its state, for people. */
export async function printRun(explanation: RunExplanation): Promise<void> {
  const { run_id, workflow, name, state, jobs, succeeded, causes } = explanation;
  const paint = stdoutPaint();
  if (state === null || run_id === null) {
    await printLines([`${escapeLine(name)} (${escapeLine(workflow)}) has not run yet.`]);
    return;
  }
  const head = `${markOf(state)} ${escapeLine(name)} (${escapeLine(workflow)})`;
  await printLines([`${paintState(paint, state, head)}, run ${escapeLine(run_id)}: ${paintState(paint, state)}`, '']);
  if (causes.length === 0) {
    await printLines([isOpen(state) ? 'No job is open.' : `All ${jobs} jobs succeeded.`]);
    return;
  }
  for (const cause of causes.slice(0, causesShown)) await printLines(linesOf(cause));
  const more = causes.slice(causesShown).reduce((sum, { count }) => sum + count, 0);
  if (more > 0) await printLines([`… and ${more} more jobs for ${causes.length - causesShown} other reasons (--json)`]);
  if (succeeded > 0) await printLines(['', `${succeeded} of ${jobs} jobs succeeded.`]);
}

function linesOf({ status, message, jobs, count }: RunCause): string[] {
  const names = `${markOf(status)} ${count > 1 ? `${count} jobs: ` : ''}${nameJobs(jobs, jobsNamed)}`;
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const text = escapeLine(message);
  const lines = Number.isFinite(columns) ? wrapWords(text, columns - 4).split('\n') : [text];
  return [paintState(stdoutPaint(), status, names), ...lines.map((line) => `    ${line}`)];
}
