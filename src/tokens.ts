import { hash } from 'node:crypto';
import { isTokenScope, type TokenScope, tokenIsValid } from './domain/token.js';
import { type AuditDraft, writeAudit } from './engine/audit.js';
import type { Environment } from './environment/environment.js';
import type { TokenTable } from './store/schema.js';
import { allTokens, insertToken, revokeToken } from './store/statements/tokens.js';
import type { Store } from './store/store.js';

/** How old what is known may be when a call comes: the time within which a revoked token stops to work. */
const freshMs = 1_000;

/** What is told, with the change, to the servers that share the database. It can be lost, and then they learn it later. */
const tokensChanged = JSON.stringify({ tokens: true });

/** Whose token a caller showed. */
export interface TokenHolder {
  readonly tokenId: string;
  readonly scopes: ReadonlySet<TokenScope>;
  readonly labelLimit: readonly string[] | null;
  readonly name: string;
}

/**
 * The tokens of a database, kept in memory and read again when they are older than a second and a call asks for them, or
 * when a call has one that is not among them: the command line adds and revokes tokens in the database while the server runs.
 */
export class Tokens {
  readonly #store: Store;
  readonly #environment: Environment;
  #byHash = new Map<string, TokenTable>();
  #byId = new Map<string, TokenTable>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #changedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(store: Store, environment: Environment) {
    this.#store = store;
    this.#environment = environment;
    store.shared?.onTold((message) => {
      if (message === tokensChanged) this.#changedAtMs = environment.now();
    });
  }

  /** Reads the tokens. */
  async load(): Promise<void> {
    // A slow reading may miss what was written while it lasted.
    const beganAtMs = this.#environment.now();
    const rows = await allTokens.run(this.#store.read, {});
    this.#byHash = new Map(rows.map((row) => [row.hash, row]));
    this.#byId = new Map(rows.map((row) => [row.id, row]));
    this.#readAtMs = beganAtMs;
  }

  /**
   * Whether calls need a token: from the first token on, also when all have been revoked since. A server that knows of
   * none looks before it lets anybody in, however long nobody came.
   */
  required(): boolean | Promise<boolean> {
    if (this.#byHash.size > 0) return true;
    return this.#isFresh() ? false : this.#requiredNow();
  }

  async #requiredNow(): Promise<boolean> {
    // A database that is away is for the calls that need it to tell.
    await this.refresh().catch(() => {});
    return this.#byHash.size > 0;
  }

  /** Whether the token of this id counts, as far as is known; for null, whether none is needed. */
  stands(tokenId: string | null): boolean {
    if (tokenId === null) return this.#byHash.size === 0;
    const row = this.#byId.get(tokenId);
    return row !== undefined && this.#isValid(row);
  }

  /** Null for a token that is unknown, expired or revoked. */
  async authenticate(bearer: string): Promise<TokenHolder | null> {
    if (!this.#isFresh()) await this.refresh();
    const hash = tokenHash(bearer);
    const row = this.#byHash.get(hash) ?? (await this.#foundAnew(hash));
    if (row === undefined) return null;
    if (!this.#isValid(row)) return null;
    return {
      tokenId: row.id,
      scopes: new Set((JSON.parse(row.scopes) as string[]).filter(isTokenScope)),
      labelLimit: row.labels === null ? null : (JSON.parse(row.labels) as string[]),
      name: row.name,
    };
  }

  /** A new token counts at once: one that is unknown is looked for in what is read from now on, by one reading for all who wait. */
  async #foundAnew(hash: string): Promise<TokenTable | undefined> {
    if (this.#reading !== null) await this.#reading;
    await this.refresh();
    return this.#byHash.get(hash);
  }

  #isValid({ expires_at_ms: expiresAtMs, revoked_at_ms: revokedAtMs }: TokenTable): boolean {
    return tokenIsValid({ expiresAtMs, revokedAtMs }, this.#environment.now());
  }

  #isFresh(): boolean {
    return this.#readAtMs > this.#changedAtMs && this.#environment.now() - this.#readAtMs < freshMs;
  }

  /** Reads the tokens anew, by one reading for all who ask meanwhile. */
  refresh(): Promise<void> {
    this.#reading ??= this.load().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }
}

/** A token to be made. */
export interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** The only labels that a worker with it may offer; null for any. */
  readonly labels: readonly string[] | null;
  readonly expiresAtMs: number | null;
}

/** Makes a token. Only its hash is stored: the text that is returned cannot be shown again. */
export async function createToken(
  store: Store,
  environment: Environment,
  token: NewToken,
): Promise<{ id: string; token: string }> {
  const id = Buffer.from(environment.randomBytes(5)).toString('hex');
  const text = `wfg_${Buffer.from(environment.randomBytes(32)).toString('base64url')}`;
  const nowMs = environment.now();
  await store.transact(async (connection) => {
    await insertToken.run(connection, {
      id,
      name: token.name,
      hash: tokenHash(text),
      scopes: JSON.stringify(token.scopes),
      labels: token.labels === null ? null : JSON.stringify(token.labels),
      created_at_ms: nowMs,
      expires_at_ms: token.expiresAtMs,
      revoked_at_ms: null,
    });
    const { name, scopes, labels } = token;
    const data = { name, scopes, labels, expires_at_ms: token.expiresAtMs };
    await writeAudit(connection, nowMs, [{ ...byCommandLine, action: 'token.created', subject: id, data }]);
    store.shared?.tell(connection, tokensChanged);
  });
  return { id, token: text };
}

/** Every token, without anything that could be used in its place. */
export async function listTokens(store: Store): Promise<Omit<TokenTable, 'hash'>[]> {
  return (await allTokens.run(store.read, {})).map(({ hash: _, ...row }) => row);
}

/** Revokes tokens by id or name; returns those that counted until now. */
export async function revokeTokens(
  store: Store,
  environment: Environment,
  idOrName: string,
): Promise<readonly { id: string; name: string }[]> {
  const nowMs = environment.now();
  return store.transact(async (connection) => {
    const revoked = await revokeToken.run(connection, { idOrName, nowMs });
    const entries = revoked.map(({ id, name }): AuditDraft => {
      return { ...byCommandLine, action: 'token.revoked', subject: id, data: { name } };
    });
    await writeAudit(connection, nowMs, entries);
    store.shared?.tell(connection, tokensChanged);
    return revoked;
  });
}

/** Tokens are made and revoked on the machine of the database, by whoever may use it there. */
const byCommandLine = { source: 'command-line', actor: null } as const;

function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}

export { isTokenScope, type TokenScope, tokenScopes } from './domain/token.js';
