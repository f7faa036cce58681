/** What a token may do. `admin` is always enough. */
export type Scope = 'read' | 'submit' | 'worker' | 'admin';

/** Who calls, as far as permission goes. */
export interface Principal {
  /** Null where the server runs without tokens. */
  readonly tokenId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** The only labels that a worker with this token may offer; null for any. */
  readonly labelLimit: readonly string[] | null;
  /** For logs and messages. */
  readonly name: string;
}

/** The tokens that the server knows. */
export interface TokenDirectory {
  /** Whether a call without a token is refused: true once there is a token. */
  required(): boolean | Promise<boolean>;
  /** Whose token it is; null for one that is unknown, expired or revoked. */
  authenticate(bearer: string): Promise<Principal | null>;
  /** Learns what changed since it last looked. */
  refresh(): Promise<void>;
  /**
   * Whether it still stands, as far as is known without looking, who a caller was found to be: his token counts; or he
   * has none, and none is needed.
   */
  stands(tokenId: string | null): boolean;
}

/** Everyone, on a server without tokens. */
export const anyone: Principal = {
  tokenId: null,
  scopes: new Set<Scope>(['admin']),
  labelLimit: null,
  name: 'anyone',
};
