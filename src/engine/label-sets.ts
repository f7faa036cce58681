import { LRUCache } from 'lru-cache';
import { labelsKey, labelsMatch } from '../domain/labels.js';
import type { Connection } from '../store/connection.js';
import { claimableLabelSets } from '../store/statements/claims.js';
import { allLabelSets, ensureLabelSets } from '../store/statements/workflows.js';
import type { Store } from '../store/store.js';

/** The labels of a worker, and which required label sets they satisfy. */
export interface LabelMatch {
  /** The same for every worker with these labels. */
  readonly key: string;
  readonly sets: ReadonlySet<number>;
}

/**
 * The distinct sets of required labels, numbered; and in which of them there may be claimable jobs. Both are kept in
 * memory, so that a claim that cannot be served costs no query.
 */
export class LabelSets {
  readonly #sets = new Map<number, readonly string[]>();
  readonly #ids = new Map<string, number>();
  readonly #matches = new LRUCache<string, LabelMatch>({ max: 5_000 });
  readonly #claimable = new Set<number>();

  async load(connection: Connection): Promise<void> {
    await this.#loadNew(connection);
    for (const { id } of await claimableLabelSets.run(connection, {})) this.#claimable.add(id);
  }

  /** The numbers of some label sets, given by their keys; new ones are stored first, in a transaction of their own. */
  async numbersOf(store: Store, keys: readonly string[]): Promise<number[]> {
    const fresh = [...new Set(keys)].filter((key) => !this.#ids.has(key));
    if (fresh.length > 0) {
      await store.transact((connection) => ensureLabelSets.run(connection, { rows: fresh.map((key) => [key]) }));
      await this.#loadNew(store.read);
    }
    return keys.map((key) => {
      const id = this.#ids.get(key);
      if (id === undefined) throw new Error(`label set ${key} was not stored`);
      return id;
    });
  }

  /** Which sets a worker with these labels satisfies. */
  match(labels: readonly string[]): LabelMatch {
    const key = labelsKey(labels);
    const known = this.#matches.get(key);
    if (known !== undefined) return known;
    const offered = new Set(labels);
    const sets = new Set<number>();
    for (const [id, required] of this.#sets) if (labelsMatch(required, offered)) sets.add(id);
    const match = { key, sets };
    this.#matches.set(key, match);
    return match;
  }

  /** Of the sets that a worker satisfies, those in which there may be a claimable job. */
  claimableFor(match: LabelMatch): number[] {
    const [few, many] =
      match.sets.size < this.#claimable.size ? [match.sets, this.#claimable] : [this.#claimable, match.sets];
    const both: number[] = [];
    for (const id of few) if (many.has(id)) both.push(id);
    return both;
  }

  /** A job of this set became claimable, or may have. */
  noteClaimable(id: number): void {
    this.#claimable.add(id);
  }

  /** No job of this set is claimable any more. */
  noteEmpty(id: number): void {
    this.#claimable.delete(id);
  }

  labelsOf(id: number): readonly string[] {
    return this.#sets.get(id) ?? [];
  }

  async #loadNew(connection: Connection): Promise<void> {
    const lastId = Math.max(0, ...[...this.#sets.keys()].slice(-1));
    const rows = await allLabelSets.run(connection, { afterId: lastId });
    for (const row of rows) {
      this.#sets.set(row.id, JSON.parse(row.labels) as string[]);
      this.#ids.set(row.labels, row.id);
    }
    if (rows.length > 0) this.#matches.clear();
  }
}
