import type { Random } from '../crash/random.js';

export type IdKind =
  | 'workflow'
  | 'run'
  | 'job'
  | 'lease'
  | 'worker'
  | 'page'
  | 'position'
  | 'version'
  | 'token'
  | 'schedule'
  | 'backfill'
  | 'labels'
  | 'variable'
  | 'scope'
  | 'token-id';

/** At most this many of a kind are kept, the newest. */
const kept = 50;

/** Ids from the server's responses, so that requests get past "does not exist". */
export class KnownIds {
  readonly #byKind = new Map<IdKind, string[]>([
    ['job', ['build', 'test', 'notify']],
    ['worker', ['w1', 'w2', 'w3']],
    ['version', ['1', '2']],
    ['schedule', ['cron-1']],
    ['labels', ['1', '2', '3']],
    ['variable', ['REGION', 'TARGET']],
    ['scope', ['read', 'worker']],
  ]);

  add(kind: IdKind, id: string): void {
    const ids = this.#byKind.get(kind) ?? [];
    ids.push(id);
    if (ids.length > kept) ids.shift();
    this.#byKind.set(kind, ids);
  }

  /** One of them; null while none is known. */
  pick(random: Random, kind: IdKind): string | null {
    const ids = this.#byKind.get(kind) ?? [];
    // Drawn in any case, so that the following draws do not depend on the server's responses.
    const draw = random.next();
    return ids[Math.floor(draw * ids.length)] ?? null;
  }

  /** Collects the ids of a response, at any depth. */
  learn(answer: unknown): void {
    if (Array.isArray(answer)) {
      for (const item of answer.slice(0, 5)) this.learn(item);
      return;
    }
    if (typeof answer !== 'object' || answer === null) return;
    // Only tokens created by the fuzz test may be revoked, not its own.
    if ('token' in answer && 'token_id' in answer) this.add('token-id', String(answer.token_id));
    for (const [key, value] of Object.entries(answer)) {
      const kind = kinds[key];
      if (typeof value === 'object') this.learn(value);
      else if (typeof value === 'string' && value !== '' && isLearned(kind)) this.add(kind, value);
    }
  }
}

/** Kinds that are never learned from responses. */
const given: ReadonlySet<IdKind> = new Set(['version', 'token', 'token-id', 'variable', 'scope']);

/** A `version` in responses is that of a program, and no response has the text of a usable token. */
function isLearned(kind: IdKind | undefined): kind is IdKind {
  return kind !== undefined && !given.has(kind);
}

/** The kind of ids in a field, by its name. */
export const kinds: Readonly<Record<string, IdKind>> = {
  id: 'run',
  workflow_id: 'run',
  run_id: 'run',
  workflow: 'workflow',
  schedule: 'schedule',
  backfill: 'backfill',
  job_id: 'job',
  lease_id: 'lease',
  worker_id: 'worker',
  page_token: 'page',
  next_page_token: 'page',
  after: 'position',
  version: 'version',
  base_version: 'version',
  token: 'token',
  label_set: 'labels',
  name: 'variable',
  scopes: 'scope',
  token_id: 'token-id',
};
