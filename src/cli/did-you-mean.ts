import { type Client, WorkflowGraphError } from '#client';
import { nearest } from './nearest.js';

/** The names that the user typed. */
export interface Asked {
  /** A run's id or its prefix, or a workflow's id. */
  readonly run?: string | undefined;
  readonly job?: string | undefined;
  /** A workflow's id. */
  readonly workflow?: string | undefined;
}

/** Runs and workflows that are compared. */
const comparedRuns = 1_000;
const comparedWorkflows = 200;

/**
 * A sentence that suggests another name, for an error about a missing one; empty when there is no likely one. The names
 * are read with the user's own token.
 */
export async function didYouMean(client: Client, error: unknown, asked: Asked): Promise<string> {
  if (!(error instanceof WorkflowGraphError) || error.status !== 404) return '';
  try {
    const found = await suggestion(client, asked);
    return found === null ? '' : `. Did you mean ${JSON.stringify(found)}?`;
  } catch {
    // The error itself is what the user needs to see.
    return '';
  }
}

async function suggestion(client: Client, { run, job, workflow }: Asked): Promise<string | null> {
  if (run !== undefined && job !== undefined) {
    const known = await client.status(run).catch(() => null);
    if (known !== null)
      return nearest(
        job,
        known.jobs.map(({ id }) => id),
      );
  }
  const typed = run ?? workflow;
  if (typed === undefined) return null;
  const { runs } = await client.runs({ limit: comparedRuns });
  const workflows = await client.workflows({ limit: comparedWorkflows });
  const ids = new Set([...workflows.map(({ id }) => id), ...runs.map((each) => each.workflow)]);
  const named = nearest(typed, ids);
  if (named !== null || run === undefined) return named;
  // A mistyped prefix of a run's id is compared with as many characters of each.
  const beginnings = new Map(runs.map(({ run_id }) => [run_id.slice(0, run.length), run_id]));
  const beginning = run.length < 6 ? null : nearest(run, beginnings.keys());
  return beginning === null ? null : (beginnings.get(beginning) ?? null);
}
