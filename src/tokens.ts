import { hash } from 'node:crypto';
import { notFound } from './domain/errors.js';
import {
  isTokenScope,
  type ListedSession,
  type ListedToken,
  type NewToken,
  type TokenScope,
  tokenIsValid,
} from './domain/token.js';
import { type AuditDraft, writeAudit } from './engine/writer/audit-draft.js';
import type { Environment } from './environment/environment.js';
import { Loop } from './environment/loop.js';
import { type NewSession, Sessions, sessionId } from './sessions.js';
import { allTokens, insertToken, noteTokenUse, revokeToken } from './store/statements/tokens.js';
import type { Store } from './store/store.js';
import type { TokenTable } from './store/tables/access.js';
import type { Log } from './telemetry/log.js';

/** Oldest state that a call may use: the time within which a revoked token stops working. */
const freshMs = 1_000;

/** The notification of a change to the servers that share the database. If it is lost, they notice the change later. */
const tokensChanged = JSON.stringify({ tokens: true });

/** Interval at which the last use of tokens is stored. */
const usesEveryMs = 60_000;

/** The owner of a call's token. */
export interface TokenHolder {
  readonly tokenId: string;
  readonly scopes: ReadonlySet<TokenScope>;
  readonly labelLimit: readonly string[] | null;
  readonly onlyLabelled: boolean;
  readonly name: string;
  /** Set when the credential was a browser's session. */
  readonly session?: { readonly id: string; readonly expiresAtMs: number };
}

/**
 * The tokens of a database, cached in memory. They are read again when a call finds them older than a second, or has a
 * token that is not among them: the command line adds and revokes tokens in the database while the server runs.
 */
export class Tokens {
  readonly #store: Store;
  readonly #environment: Environment;
  readonly #sessions: Sessions;
  #byHash = new Map<string, TokenTable>();
  #byId = new Map<string, TokenTable>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #changedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  /** The last use of tokens that is not stored yet, by their ids. */
  #uses = new Map<string, number>();
  readonly #storing: Loop;

  constructor(store: Store, environment: Environment, log: Log) {
    this.#store = store;
    this.#environment = environment;
    this.#storing = new Loop({
      name: 'storing the last use of tokens',
      environment,
      log,
      delayMs: () => usesEveryMs,
      runOnce: async () => {
        await this.storeUses();
        return undefined;
      },
    });
    this.#sessions = new Sessions(store, environment, tokensChanged);
    store.shared?.onNotification((message) => {
      if (message === tokensChanged) this.#changedAtMs = environment.now();
    });
  }

  /** Starts to store the last use of tokens, once a minute, and only after a use. */
  start(): void {
    this.#storing.start();
  }

  async stop(): Promise<void> {
    await this.#storing.stop();
    await this.storeUses();
  }

  /** A use that cannot be stored is stored with the next ones: no call depends on it. */
  async storeUses(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    const rows = [...uses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, atMs]) => ({ id, at_ms: atMs }));
    try {
      await this.#store.transact((connection) => noteTokenUse.run(connection, { rows }));
    } catch {
      for (const [id, atMs] of uses) if (!this.#uses.has(id)) this.#uses.set(id, atMs);
    }
  }

  /** Reads the tokens and the browsers' sessions. */
  async load(): Promise<void> {
    // A slow read may miss what was written during it.
    const beganAtMs = this.#environment.now();
    const rows = await allTokens.run(this.#store.read, {});
    await this.#sessions.load();
    this.#byHash = new Map(rows.map((row) => [row.hash, row]));
    this.#byId = new Map(rows.map((row) => [row.id, row]));
    this.#readAtMs = beganAtMs;
  }

  /**
   * Whether calls need a token: from the first token on, even if all have been revoked since. A server without known
   * tokens checks before it admits a call, however long it was idle.
   */
  required(): boolean | Promise<boolean> {
    if (this.#byHash.size > 0) return true;
    return this.#isFresh() ? false : this.#requiredNow();
  }

  async #requiredNow(): Promise<boolean> {
    // The calls that need the database report its outage.
    await this.refresh().catch(() => {});
    return this.#byHash.size > 0;
  }

  /**
   * Whether the token with this id is valid, and the session with this id if there is one, as far as memory knows; for
   * null, whether no token is needed.
   */
  isStillValid(tokenId: string | null, session?: string): boolean {
    if (tokenId === null) return this.#byHash.size === 0;
    if (session !== undefined && this.#sessions.find(session) === null) return false;
    const row = this.#byId.get(tokenId);
    if (row === undefined || !this.#isValid(row)) return false;
    this.#uses.set(tokenId, this.#environment.now());
    return true;
  }

  /** Null for a token that is unknown, expired or revoked. */
  async authenticate(bearer: string): Promise<TokenHolder | null> {
    if (!this.#isFresh()) await this.refresh();
    const hash = tokenHash(bearer);
    const row = this.#byHash.get(hash) ?? (await this.#foundAnew(hash));
    return row === undefined ? null : this.#holderOf(row);
  }

  /** Null for a session that is unknown or has ended, and for one whose token is no longer valid. */
  async authenticateSession(secret: string): Promise<TokenHolder | null> {
    if (!this.#isFresh()) await this.refresh();
    const id = sessionId(secret);
    if (this.#sessions.find(id) === null) await this.#refreshAnew();
    const session = this.#sessions.find(id);
    const row = session === null ? undefined : this.#byId.get(session.token);
    const holder = row === undefined ? null : this.#holderOf(row);
    return session === null || holder === null
      ? null
      : { ...holder, session: { id, expiresAtMs: session.expires_at_ms } };
  }

  /** Signs a browser in. Null for a token that is unknown, expired or revoked. */
  async signIn(bearer: string, options: { readonly stay: boolean }): Promise<NewSession | null> {
    const holder = await this.authenticate(bearer);
    return holder === null ? null : this.#sessions.start(holder.tokenId, options);
  }

  signOut(secret: string): Promise<void> {
    return this.#sessions.end(sessionId(secret));
  }

  async listTokens(): Promise<readonly ListedToken[]> {
    return (await listTokens(this.#store)).map((row) => ({
      id: row.id,
      name: row.name,
      scopes: scopesOf(row),
      labels: labelsOf(row),
      onlyLabelled: row.only_labelled === 1,
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
      revokedAtMs: row.revoked_at_ms,
      lastUsedAtMs: this.#uses.get(row.id) ?? row.last_used_at_ms ?? null,
    }));
  }

  async createToken(token: NewToken, by: string | null): Promise<{ id: string; token: string }> {
    const made = await createToken(this.#store, this.#environment, token, { source: 'api', actor: by });
    await this.#refreshAnew();
    return made;
  }

  async revokeToken(id: string, by: string | null): Promise<void> {
    const known = await listTokens(this.#store);
    // A name is no id here: several tokens may have one.
    if (!known.some((row) => row.id === id)) throw notFound(`token ${JSON.stringify(id)}`);
    await revokeTokens(this.#store, this.#environment, id, { source: 'api', actor: by });
    await this.#refreshAnew();
  }

  async listSessions(tokenId: string): Promise<readonly ListedSession[]> {
    await this.#refreshAnew();
    return this.#sessions
      .of(tokenId)
      .map((row) => ({ id: row.hash, createdAtMs: row.created_at_ms, expiresAtMs: row.expires_at_ms }));
  }

  async endSession(id: string, tokenId: string): Promise<void> {
    const known = await this.listSessions(tokenId);
    if (known.some((session) => session.id === id)) await this.#sessions.end(id);
  }

  #holderOf(row: TokenTable): TokenHolder | null {
    if (!this.#isValid(row)) return null;
    this.#uses.set(row.id, this.#environment.now());
    return {
      tokenId: row.id,
      scopes: new Set(scopesOf(row)),
      labelLimit: labelsOf(row),
      onlyLabelled: row.only_labelled === 1,
      name: row.name,
    };
  }

  /** A new token is valid at once: an unknown one is looked up in a new read, which all waiting calls share. */
  async #foundAnew(hash: string): Promise<TokenTable | undefined> {
    await this.#refreshAnew();
    return this.#byHash.get(hash);
  }

  /** Reads the present state, not that of a read that is under way. */
  async #refreshAnew(): Promise<void> {
    if (this.#reading !== null) await this.#reading;
    await this.refresh();
  }

  #isValid({ expires_at_ms: expiresAtMs, revoked_at_ms: revokedAtMs }: TokenTable): boolean {
    return tokenIsValid({ expiresAtMs, revokedAtMs }, this.#environment.now());
  }

  #isFresh(): boolean {
    return this.#readAtMs > this.#changedAtMs && this.#environment.now() - this.#readAtMs < freshMs;
  }

  /** Reads the tokens again; concurrent calls share one read. */
  refresh(): Promise<void> {
    this.#reading ??= this.load().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }
}

function scopesOf({ scopes }: Pick<TokenTable, 'scopes'>): TokenScope[] {
  return (JSON.parse(scopes) as string[]).filter(isTokenScope);
}

function labelsOf({ labels }: Pick<TokenTable, 'labels'>): string[] | null {
  return labels === null ? null : (JSON.parse(labels) as string[]);
}

/** Creates a token. Only its hash is stored: the returned text cannot be shown again. */
export async function createToken(
  store: Store,
  environment: Environment,
  token: NewToken,
  by: ChangedBy = byCommandLine,
): Promise<{ id: string; token: string }> {
  const id = Buffer.from(environment.randomBytes(5)).toString('hex');
  const text = `wfg_${Buffer.from(environment.randomBytes(32)).toString('base64url')}`;
  await store.transact(async (connection, databaseNowMs) => {
    const nowMs = databaseNowMs ?? environment.now();
    await insertToken.run(connection, {
      id,
      name: token.name,
      hash: tokenHash(text),
      scopes: JSON.stringify(token.scopes),
      labels: token.labels === null ? null : JSON.stringify(token.labels),
      created_at_ms: nowMs,
      expires_at_ms: token.expiresAtMs,
      revoked_at_ms: null,
      only_labelled: token.onlyLabelled ? 1 : 0,
    });
    const { name, scopes, labels, onlyLabelled } = token;
    const data = { name, scopes, labels, only_labelled: onlyLabelled, expires_at_ms: token.expiresAtMs };
    await writeAudit(connection, nowMs, [{ ...by, action: 'token.created', subject: id, data }]);
    store.shared?.notify(connection, tokensChanged);
  });
  return { id, token: text };
}

/** Every token, without its secret. */
export async function listTokens(store: Store): Promise<Omit<TokenTable, 'hash'>[]> {
  return (await allTokens.run(store.read, {})).map(({ hash: _, ...row }) => row);
}

/** Revokes tokens by id or name; returns those that were valid until now. */
export async function revokeTokens(
  store: Store,
  environment: Environment,
  idOrName: string,
  by: ChangedBy = byCommandLine,
): Promise<readonly { id: string; name: string }[]> {
  return store.transact(async (connection, databaseNowMs) => {
    const nowMs = databaseNowMs ?? environment.now();
    const revoked = await revokeToken.run(connection, { idOrName, nowMs });
    const entries = revoked.map(({ id, name }): AuditDraft => {
      return { ...by, action: 'token.revoked', subject: id, data: { name } };
    });
    await writeAudit(connection, nowMs, entries);
    store.shared?.notify(connection, tokensChanged);
    return revoked;
  });
}

/** Where a change of tokens comes from, and the id of the token that asked for it. */
type ChangedBy = Pick<AuditDraft, 'source' | 'actor'>;

/** The command line changes tokens on the machine of the database, with the rights of its user. */
const byCommandLine: ChangedBy = { source: 'command-line', actor: null };

function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}

export { isTokenScope, type NewToken, type TokenScope, tokenScopes } from './domain/token.js';
