import type { Event, Run } from '../../gen/workflowgraph/v1/runs_pb.js';

/** What one tab watches. */
export interface Interest {
  /** Every run, as the lists show them; the number of the last event that the lists hold. */
  readonly lists: bigint | null;
  /** The runs whose jobs are on the screen, each with the number of the last event that it holds. */
  readonly runs: readonly { readonly id: string; readonly after: bigint }[];
}

export const nothing: Interest = { lists: null, runs: [] };

export type Connection =
  | { readonly kind: 'live' }
  /** The stream broke at this time of `Date.now()` and is being reopened. */
  | { readonly kind: 'lost'; readonly sinceMs: number }
  /** The server requires a sign-in. */
  | { readonly kind: 'signed-out' };

/** From a tab to the owner of the streams. */
export type ToHub =
  | { readonly type: 'look'; readonly interest: Interest }
  | { readonly type: 'retry' }
  | { readonly type: 'leave' };

/** Back to a tab. */
export type FromHub =
  | { readonly type: 'runs'; readonly runs: readonly Run[]; readonly lastEvent: bigint }
  | { readonly type: 'events'; readonly events: readonly Event[]; readonly lastEvent: bigint }
  | { readonly type: 'connection'; readonly connection: Connection };
