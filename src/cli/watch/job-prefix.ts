import type { Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { stdoutPaint } from '../print.js';
import { padTo, widthOf } from '../terminal/text-width.js';

const prefixColumnsMax = 30;

/** `build | `, as wide for every job of the workflow, in a colour of its own on a terminal. */
export function jobPrefix({ jobs }: Pick<Workflow, 'jobs'>): (jobId: string) => string {
  const paint = stdoutPaint();
  const colours = ['cyan', 'magenta', 'green', 'yellow', 'blue'] as const;
  const numbers = new Map(jobs.map(({ id }, at) => [id, at]));
  const width = Math.min(
    prefixColumnsMax,
    jobs.reduce((widest, { id }) => Math.max(widest, widthOf(escapeLine(id))), 0),
  );
  return (jobId) => {
    const colour =
      colours[(numbers.get(jobId) ?? numbers.get(jobId.slice(0, jobId.lastIndexOf('.'))) ?? 0) % colours.length] ??
      'cyan';
    return `${paint(colour, `${padTo(escapeLine(jobId), width)} |`)} `;
  };
}
