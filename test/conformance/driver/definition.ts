import type { JobPlan, Scenario } from './scenario.js';

/** The workflow that a scenario runs, as the API takes it. */
export function definitionOf(scenario: Scenario): object {
  const jobs: Record<string, object> = {};
  for (const [key, plan] of Object.entries(scenario.jobs)) {
    const { copies, ...rest } = plan;
    if (copies === undefined) jobs[key] = jobOf(rest);
    else for (let i = 0; i < copies; i++) jobs[`${key}-${i}`] = jobOf(rest);
  }
  return { name: scenario.name, on: 'conformance', jobs };
}

function jobOf({ steps, run, run_repeated, ...fields }: JobPlan): object {
  if (run_repeated !== undefined) {
    const { before = '', text, times, after = '' } = run_repeated;
    return { ...fields, run: before + text.repeat(times) + after };
  }
  return { ...fields, run: run ?? JSON.stringify({ steps: steps ?? [] }) };
}
