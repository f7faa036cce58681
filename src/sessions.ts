import { hash } from 'node:crypto';
import { type AuditDraft, writeAudit } from './engine/writer/audit-draft.js';
import type { Environment } from './environment/environment.js';
import { deleteOldSessions, deleteSession, insertSession, liveSessions } from './store/statements/sessions.js';
import type { Store } from './store/store.js';
import type { SessionTable } from './store/tables/access.js';

/** How long a browser stays signed in: half a day, or 30 days on request. */
const sessionMs = 12 * 60 * 60 * 1000;
const longSessionMs = 30 * 24 * 60 * 60 * 1000;

/** Sessions of a token. One more ends the oldest. All of them are kept in memory. */
const sessionsPerToken = 50;

/** A new session. The secret is the value of the browser's cookie; it cannot be shown again. */
export interface NewSession {
  readonly secret: string;
  readonly lifetimeMs: number;
}

/**
 * Browser sessions, kept in memory beside the tokens. Each browser has a cookie with 256 random bits, of which only the
 * hash is stored, and has the rights of its token at the time of each call.
 */
export class Sessions {
  readonly #store: Store;
  readonly #environment: Environment;
  /** Notifies the servers that share the database, with the commit of the transaction. */
  readonly #changed: string;
  #byHash = new Map<string, SessionTable>();

  constructor(store: Store, environment: Environment, changed: string) {
    this.#store = store;
    this.#environment = environment;
    this.#changed = changed;
  }

  async load(): Promise<void> {
    const rows = await liveSessions.run(this.#store.read, { nowMs: this.#environment.now() });
    this.#byHash = new Map(rows.map((row) => [row.hash, row]));
  }

  /** The session with this id, as far as memory knows; null when there is none or it has expired. */
  find(id: string): SessionTable | null {
    const row = this.#byHash.get(id);
    return row !== undefined && row.expires_at_ms > this.#environment.now() ? row : null;
  }

  /** Starts a session of a token. */
  async start(token: string, { stay }: { readonly stay: boolean }): Promise<NewSession> {
    const secret = Buffer.from(this.#environment.randomBytes(32)).toString('base64url');
    const lifetimeMs = stay ? longSessionMs : sessionMs;
    const row = await this.#store.transact(async (connection, databaseNowMs) => {
      const nowMs = databaseNowMs ?? this.#environment.now();
      const session = { hash: sessionId(secret), token, created_at_ms: nowMs, expires_at_ms: nowMs + lifetimeMs };
      await deleteOldSessions.run(connection, { nowMs, token, keep: sessionsPerToken - 1 });
      await insertSession.run(connection, session);
      await writeAudit(connection, nowMs, [signedIn(token, stay)]);
      this.#store.shared?.notify(connection, this.#changed);
      return session;
    });
    this.#byHash.set(row.hash, row);
    return { secret, lifetimeMs };
  }

  /** The sessions of a token, newest first. */
  of(token: string): readonly SessionTable[] {
    const all = [...this.#byHash.values()].filter(({ hash, token: of }) => of === token && this.find(hash) !== null);
    return all.sort((a, b) => b.created_at_ms - a.created_at_ms);
  }

  /** Ends a session; idempotent. */
  async end(id: string): Promise<void> {
    await this.#store.transact(async (connection, databaseNowMs) => {
      const ended = await deleteSession.run(connection, { hash: id });
      const drafts = ended.map(({ token }) => signedOut(token));
      await writeAudit(connection, databaseNowMs ?? this.#environment.now(), drafts);
      this.#store.shared?.notify(connection, this.#changed);
    });
    this.#byHash.delete(id);
  }
}

/** The id of a stored session: the hash of its secret. */
export function sessionId(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

function signedIn(token: string, stay: boolean): AuditDraft {
  return { action: 'session.started', subject: token, source: 'api', actor: token, data: { stay } };
}

function signedOut(token: string): AuditDraft {
  return { action: 'session.ended', subject: token, source: 'api', actor: token, data: {} };
}
