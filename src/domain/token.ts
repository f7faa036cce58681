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
