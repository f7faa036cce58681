/** The caller: a lease belongs to the credential that claimed it. */
export interface Caller {
  /** The token's id, or null where the server runs without tokens. */
  readonly credential: string | null;
  /** Whether the token may do everything. */
  readonly isAdmin?: boolean;
}
