/** What a token may do. `admin` may do everything. */
export const tokenScopes = ['read', 'submit', 'worker', 'admin'] as const;

export type TokenScope = (typeof tokenScopes)[number];

export function isTokenScope(text: string): text is TokenScope {
  return tokenScopes.some((scope) => scope === text);
}

/** The stored facts that decide whether a token is valid. */
export interface TokenValidity {
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
}

export function tokenIsValid(token: TokenValidity, nowMs: number): boolean {
  return token.revokedAtMs === null && (token.expiresAtMs === null || token.expiresAtMs > nowMs);
}

/** A stored token, without its secret. */
export interface ListedToken extends NewToken {
  readonly id: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** A token to create. */
export interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** The only labels that a worker with it may offer; null for any. */
  readonly labels: readonly string[] | null;
  /** Whether a worker with it gets only jobs that require at least one label. */
  readonly onlyLabelled: boolean;
  readonly expiresAtMs: number | null;
}

/** A browser's session of a token. */
export interface ListedSession {
  readonly id: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}
