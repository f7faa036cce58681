import type { Generated } from 'kysely';

export interface TokenTable {
  id: string;
  name: string;
  hash: string;
  scopes: string;
  /** A JSON array, or null for no limit. */
  labels: string | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  /** 1: a worker with it gets only jobs that require at least one label. */
  only_labelled: number;
  /** To the minute; null for a token that was never used. */
  last_used_at_ms: number | null;
}

/** A browser session that was opened with a token. Expired rows are deleted at the next sign-in. */
export interface SessionTable {
  /** Hash of the secret in the browser's cookie. */
  hash: string;
  /** The id of the token. */
  token: string;
  created_at_ms: number;
  expires_at_ms: number;
}

/** One audit entry. */
export interface AuditTable {
  no: Generated<number>;
  at_ms: number;
  action: string;
  /** The id of the token, workflow or run. */
  subject: string;
  source: string;
  /** The id of the acting token. */
  actor: string | null;
  /** More, as a JSON object. */
  data: string | null;
}
