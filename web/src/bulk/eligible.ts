import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../../gen/workflowgraph/v1/types_pb.js';

/** An action on several runs. */
export type BulkAction = 'cancel' | 'rerun-failed';

export interface Eligibility {
  readonly eligible: readonly Run[];
  /** Why the others are left out: a sentence, and how many. */
  readonly others: readonly { readonly why: string; readonly count: number }[];
}

/** The selected runs to which an action applies. The server decides for each; the page only avoids pointless calls. */
export function eligibleFor(action: BulkAction, runs: readonly Run[]): Eligibility {
  const whys = new Map<string, number>();
  const eligible = runs.filter((run) => {
    const why = action === 'cancel' ? whyNoCancel(run) : whyNoRerun(run);
    if (why !== null) whys.set(why, (whys.get(why) ?? 0) + 1);
    return why === null;
  });
  return { eligible, others: [...whys].map(([why, count]) => ({ why, count })) };
}

function whyNoCancel({ state }: Run): string | null {
  return isOpen(state) ? null : 'has ended';
}

function whyNoRerun({ state, details }: Run): string | null {
  if (isOpen(state)) return 'has not ended';
  if ((details?.failure ?? 0) + (details?.cancelled ?? 0) === 0) return 'has no failed or cancelled job';
  return null;
}

function isOpen(state: RunState): boolean {
  return state === RunState.QUEUED || state === RunState.RUNNING;
}
