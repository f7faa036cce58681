import type { ListedSession, ListedToken, NewToken } from '../domain/token.js';

/** What a token may do. `admin` is always enough. */
export type Scope = 'read' | 'submit' | 'worker' | 'admin';

/** The caller, as authorization sees it. */
export interface Principal {
  /** Null where the server runs without tokens. */
  readonly tokenId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** The only labels that a worker with this token may offer; null for any. */
  readonly labelLimit: readonly string[] | null;
  /** Whether a worker with this token gets only jobs that require at least one label, whatever it requests. */
  readonly onlyLabelled: boolean;
  /** For logs and messages. */
  readonly name: string;
  /** Set when the credential was a browser's session. */
  readonly session?: { readonly id: string; readonly expiresAtMs: number };
}

/** The server's tokens. */
export interface TokenDirectory {
  /** Whether a call without a token is refused: true once there is a token. */
  required(): boolean | Promise<boolean>;
  /** The owner of a token; null for one that is unknown, expired or revoked. */
  authenticate(bearer: string): Promise<Principal | null>;
  /** The owner of a browser's session; null when the session has ended, or its token is not valid any more. */
  authenticateSession(secret: string): Promise<Principal | null>;
  /** Loads changes since the last call. */
  refresh(): Promise<void>;
  /**
   * Whether an authenticated caller is still valid, as far as memory knows: its token is valid; or it has none, and
   * none is needed. A browser's session must not have ended either.
   */
  isStillValid(tokenId: string | null, session?: string): boolean;
}

/** Signs browsers in and out. */
export interface SignIns {
  /** Null for a token that is unknown, expired or revoked. */
  signIn(bearer: string, options: { readonly stay: boolean }): Promise<{ secret: string; lifetimeMs: number } | null>;
  signOut(secret: string): Promise<void>;
}

/** Changes tokens, and lists and ends the sessions of one. `by` is the id of the caller's token, if there is one. */
export interface TokenAdmin {
  listTokens(): Promise<readonly ListedToken[]>;
  createToken(token: NewToken, by: string | null): Promise<{ id: string; token: string }>;
  /** Errors: `not_found`. */
  revokeToken(id: string, by: string | null): Promise<void>;
  /** Newest first. */
  listSessions(tokenId: string): Promise<readonly ListedSession[]>;
  /** Does nothing for a session that has ended, or of another token. */
  endSession(id: string, tokenId: string): Promise<void>;
}

/** A caller without credentials, which must sign in. It may call public methods. */
export const nobody: Principal = {
  tokenId: null,
  scopes: new Set<Scope>(),
  labelLimit: null,
  onlyLabelled: false,
  name: 'nobody',
};

/** Every caller of a server without tokens. */
export const anyone: Principal = {
  tokenId: null,
  scopes: new Set<Scope>(['admin']),
  labelLimit: null,
  onlyLabelled: false,
  name: 'anyone',
};
