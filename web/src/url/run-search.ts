import { type Look, looks } from '../run/phases.js';

export const runViews = ['list', 'graph', 'timeline', 'why'] as const;
export type RunView = (typeof runViews)[number];

/** The shown part of a run, from the address. */
export interface RunSearch {
  readonly view?: RunView;
  readonly state?: Look;
  readonly q?: string;
  /** The key of the job that is selected. */
  readonly job?: string;
  /** The keys of the jobs with a matrix whose children are shown. */
  readonly open?: string;
}

export function readRunSearch(raw: Readonly<Record<string, unknown>>): RunSearch {
  const view = runViews.find((one) => one === raw.view);
  const state = looks.find((one) => one === raw.state);
  return {
    ...(view === undefined || view === 'list' ? {} : { view }),
    ...(state === undefined ? {} : { state }),
    ...(typeof raw.q === 'string' && raw.q !== '' ? { q: raw.q.slice(0, 200) } : {}),
    ...(typeof raw.open === 'string' && raw.open !== '' ? { open: raw.open.slice(0, 2_000) } : {}),
    ...(typeof raw.job === 'string' && raw.job !== '' ? { job: raw.job.slice(0, 200) } : {}),
  };
}
