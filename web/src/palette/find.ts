import { workers, workflows } from '../api/transport.js';
import { shortId, visible } from '../parts/format.js';
import { workflowName } from '../parts/workflow-name.js';
import { lookOfState, runWords } from '../run/phases.js';

/** A place that the palette leads to. */
export interface Place {
  readonly kind: 'page' | 'workflow' | 'run' | 'worker';
  readonly name: string;
  /** Distinguishes it from others of the same name. */
  readonly note: string;
  readonly to: string;
}

/** The maximum number of entries of a kind. */
const perKind = 6;

const pages: readonly Place[] = [
  { kind: 'page', name: 'Overview', note: 'g o', to: '/' },
  { kind: 'page', name: 'Runs', note: 'g r', to: '/runs' },
  { kind: 'page', name: 'Failed runs', note: '', to: '/runs?state=failure' },
  { kind: 'page', name: 'Workflows', note: 'g w', to: '/workflows' },
  { kind: 'page', name: 'Queue', note: 'g q', to: '/queue' },
  { kind: 'page', name: 'Workers', note: 'g k', to: '/workers' },
  { kind: 'page', name: 'Audit', note: 'scope admin', to: '/audit' },
  { kind: 'page', name: 'Settings', note: '', to: '/settings' },
];

/** The pages whose names contain a text. */
export function findPages(text: string): readonly Place[] {
  const wanted = text.toLowerCase();
  return pages.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** Workflows, runs and workers that match a text. */
export async function findPlaces(text: string, signal: AbortSignal): Promise<Place[]> {
  const wanted = text.toLowerCase();
  const [summaries, runs, { workers: all }] = await Promise.all([
    workflows.listWorkflowSummaries({ query: text, limit: perKind }, { signal }),
    workflows.listRuns({ query: text, limit: perKind }, { signal }),
    workers.listWorkers({}, { signal }),
  ]);
  return [
    ...summaries.workflows.map(
      ({ id, name }): Place => ({
        kind: 'workflow',
        name: visible(workflowName(id, name), 80),
        note: visible(id, 60),
        to: `/workflows/${encodeURIComponent(id)}`,
      }),
    ),
    ...runs.runs.map(
      ({ runId, workflow, name, state }): Place => ({
        kind: 'run',
        name: `${visible(workflowName(workflow, name), 60)} ${shortId(runId)}`,
        note: runWords[lookOfState(state)],
        to: `/runs/${runId}`,
      }),
    ),
    ...all
      .filter(({ workerId }) => workerId.toLowerCase().includes(wanted))
      .slice(0, perKind)
      .map(
        ({ workerId, labels }): Place => ({
          kind: 'worker',
          name: visible(workerId, 80),
          note: visible(labels.join(', '), 60),
          to: `/workers/${encodeURIComponent(workerId)}`,
        }),
      ),
  ];
}
