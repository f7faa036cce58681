/** A variable that the expressions of workflow files read as `vars.NAME`. */
export interface Variable {
  readonly name: string;
  /** The id of its workflow; empty for one of the server. */
  readonly workflow: string;
  readonly value: string;
  readonly changed_at_ms: number;
  /** The name of the token that it was set with; null when the server ran without. */
  readonly changed_by: string | null;
}

export interface VariablePage {
  readonly variables: readonly Variable[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}
