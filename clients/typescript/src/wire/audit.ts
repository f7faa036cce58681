/** One entry of the audit log. */
export interface AuditEvent {
  readonly at_ms: number;
  /** Such as `token.created`, `workflow.changed`, `run.started`, `run.cancel_requested`. */
  readonly action: string;
  /** The id of the token, workflow or run that it was done to. */
  readonly subject: string;
  /** `api`, `command-line` or `workflows-folder`. */
  readonly source: string;
  /** The name of the token that it was done with; null where there was none. */
  readonly actor: string | null;
  readonly actor_id: string | null;
  /** More about it, as a JSON object; empty when there is no more. */
  readonly data_json: string;
}

export interface AuditPage {
  readonly events: readonly AuditEvent[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}
