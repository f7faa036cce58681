import { join } from 'node:path';
import type { JobPlan, Scenario } from './scenario.js';
import { seededBytes } from './seeded-bytes.js';

/** The values of the play that the definition contains. */
export interface Play {
  /** Seeds the bytes of `run_bytes`. */
  readonly seed: number;
  /** The folder for the files of `release`; removed at the end. */
  readonly folder: string;
}

/** The workflow of a scenario, as the API accepts it. */
export function definitionOf(scenario: Scenario, play: Play): object {
  // A key may be `__proto__`.
  const jobs: Record<string, object> = Object.create(null);
  for (const [key, plan] of Object.entries(scenario.jobs)) {
    const { copies, ...rest } = plan;
    // The command of a function is not a script: it reaches the worker unchanged.
    const job = { ...(scenario.executor === 'function' ? { shell: 'plain' } : {}), ...jobOf(rest, play) };
    if (copies === undefined) jobs[key] = job;
    else for (let i = 0; i < copies; i++) jobs[`${key}-${i}`] = job;
  }
  return { name: scenario.name, on: 'manual', jobs };
}

function jobOf({ steps = [], run, run_repeated, run_bytes, ...fields }: JobPlan, { seed, folder }: Play): object {
  if (run_repeated !== undefined) {
    const { before = '', text, times, after = '' } = run_repeated;
    return { ...fields, run: before + text.repeat(times) + after };
  }
  if (run_bytes !== undefined) {
    const { before, count, after } = run_bytes;
    return { ...fields, run: before + linesOf(seededBytes(seed, count).toString('base64')) + after };
  }
  if (run !== undefined) return { ...fields, run: run.replaceAll('@folder@', folder) };
  const held = steps.map(({ hold, ...step }) => (typeof hold === 'string' ? { until_file: join(folder, hold) } : step));
  return { ...fields, run: JSON.stringify({ steps: held }) };
}

/** Lines of a length that every base64 program accepts. */
function linesOf(base64: string): string {
  return `${base64.match(/.{1,76}/g)?.join('\n') ?? ''}\n`;
}
