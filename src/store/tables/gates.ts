import type { Generated } from 'kysely';
import type { PauseKind } from '../../domain/gates/pause.js';

/** A pause of a workflow, a run or a label. */
export interface PauseTable {
  kind: PauseKind;
  /** The id of the workflow or run, or the label. */
  subject: string;
  /** The number of the workflow or run; null for a label. */
  target: number | null;
  /** The gate that holds what is paused; null for a label. */
  gate: number | null;
  reason: string;
  paused_at_ms: number;
  /** The id of the token; null when there was none. */
  paused_by: string | null;
}

/** Something with places, such as a concurrency group. A row that no run uses is deleted with old runs. */
export interface GateTable {
  no: Generated<number>;
  /** Its kind and its name: `run:deploy`. */
  key: string;
  /** Places in use. Code that changes it locks the row first, and decides only on what it reads after that. */
  in_use: number;
  changed_at_ms: number;
}
