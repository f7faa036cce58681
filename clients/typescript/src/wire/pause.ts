/** What a pause is of. */
export type PauseKind = 'workflow' | 'run' | 'label';

/** A pause of a workflow, a run or a label. */
export interface Pause {
  readonly kind: PauseKind;
  /** The id of the workflow or run, or the label. */
  readonly subject: string;
  /** Why, for people; may be empty. */
  readonly reason: string;
  readonly paused_at_ms: number;
  /** The name of the token that paused it; null when the server ran without tokens. */
  readonly paused_by: string | null;
}
