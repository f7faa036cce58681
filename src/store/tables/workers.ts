import type { Generated } from 'kysely';

export interface WorkerTable {
  id: string;
  labels: string;
  slots: number;
  version: string;
  registered_at_ms: number;
  seen_at_ms: number;
  /** 1: it takes only jobs that require at least one label. */
  only_labelled: number;
  /** The id of the token that owns its id; null without tokens. */
  credential: string | null;
  /** Since when it is draining; null when it is not. */
  drained_at_ms: number | null;
  /** The id of the token that drained it. */
  drained_by: string | null;
  drain_reason: string | null;
  /** 1: it should exit when it runs no job. */
  drain_stop: Generated<number>;
}
