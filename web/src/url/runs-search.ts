import type { Look } from '../run/phases.js';

/** The filters of the list of runs, from the address. */
export interface RunsSearch {
  readonly state?: RunFilter;
  readonly workflow?: string;
  readonly by?: string;
  readonly q?: string;
}

export const runFilters = ['waiting', 'running', 'success', 'failure', 'cancelled'] as const satisfies readonly Look[];
export type RunFilter = (typeof runFilters)[number];

/** Parses an untrusted address: unknown parts are left out. */
export function readRunsSearch(raw: Readonly<Record<string, unknown>>): RunsSearch {
  const state = runFilters.find((one) => one === raw.state);
  return {
    ...(state === undefined ? {} : { state }),
    ...text('workflow', raw.workflow),
    ...text('by', raw.by),
    ...text('q', raw.q),
  };
}

function text<Name extends string>(name: Name, value: unknown): { [name in Name]?: string } {
  if (typeof value !== 'string' || value === '') return {};
  return { [name]: value.slice(0, 200) } as { [name in Name]?: string };
}
