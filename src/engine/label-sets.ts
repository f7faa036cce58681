import { LRUCache } from 'lru-cache';
import { labelsKey, labelsMatch } from '../domain/labels.js';
import type { Connection } from '../store/connection.js';
import { claimableLabelSets } from '../store/statements/claims.js';
import { allLabelSets, ensureLabelSets, labelSetsByLabels } from '../store/statements/workflows.js';
import type { Store } from '../store/store.js';

/** The labels of a worker, and which required label sets they satisfy. */
export interface LabelMatch {
  /** The same for every worker with these labels. */
  readonly key: string;
  readonly sets: ReadonlySet<number>;
}

/** Numbers are given out before they are committed, so another server's set may come after a higher one. */
const lateNumbers = 1_000;

/**
 * The distinct sets of required labels, numbered; and in which of them there may be claimable jobs. Both are kept in
 * memory, so that a claim that cannot be served costs no query. Sets that another server adds are learnt when it tells,
 * or with the next look.
 */
export class LabelSets {
  readonly #sets = new Map<number, readonly string[]>();
  readonly #ids = new Map<string, number>();
  readonly #matches = new LRUCache<string, LabelMatch>({ max: 5_000 });
  /** By set, when it was last noted as claimable, counted in notes. */
  readonly #claimable = new Map<number, number>();
  #notes = 0;
  #highest = 0;
  #wasAskedInVain = false;
  #onUnknown: () => void = () => {};

  async load(connection: Connection): Promise<void> {
    await this.loadNew(connection);
    await this.lookForClaimable(connection);
  }

  /** Learns of sets that another server added. */
  async loadNew(connection: Connection): Promise<void> {
    const rows = await allLabelSets.run(connection, { afterId: Math.max(0, this.#highest - lateNumbers) });
    for (const row of rows) this.#learn(row);
  }

  /** Notes every set in which there is a claimable job, whoever made it claimable. */
  async lookForClaimable(connection: Connection): Promise<number[]> {
    const sets = (await claimableLabelSets.run(connection, {})).map(({ id }) => id);
    for (const id of sets) this.noteClaimable(id);
    return sets;
  }

  /**
   * The numbers of some label sets, given by their keys; new ones are stored first, in a transaction of their own.
   *
   * @param onNew called in that transaction
   */
  async numbersOf(store: Store, keys: readonly string[], onNew: (connection: Connection) => void): Promise<number[]> {
    const fresh = [...new Set(keys)].filter((key) => !this.#ids.has(key));
    if (fresh.length > 0) {
      const rows = fresh.map((key) => [key]);
      await store.transact(async (connection) => {
        await ensureLabelSets.run(connection, { rows });
        onNew(connection);
      });
      for (const row of await labelSetsByLabels.run(store.read, { rows })) this.#learn(row);
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
    const few = match.sets.size < this.#claimable.size ? match.sets : this.#claimable.keys();
    const many = match.sets.size < this.#claimable.size ? this.#claimable : match.sets;
    const both: number[] = [];
    for (const id of few) if (many.has(id)) both.push(id);
    if (both.length === 0) this.#wasAskedInVain = true;
    return both;
  }

  /** Whether a claim was turned away, without a query, since this was last asked. */
  wasAskedInVain(): boolean {
    const was = this.#wasAskedInVain;
    this.#wasAskedInVain = false;
    return was;
  }

  /** A job of this set became claimable, or may have. */
  noteClaimable(id: number): void {
    this.#claimable.set(id, ++this.#notes);
    if (!this.#sets.has(id)) this.#onUnknown();
  }

  /** To be taken before a look, and given to `noteEmpty` with what the look showed. */
  get notes(): number {
    return this.#notes;
  }

  /** There was no claimable job of this set at a look; it counts unless one was noted since. */
  noteEmpty(id: number, notesAtLook: number): void {
    if ((this.#claimable.get(id) ?? 0) <= notesAtLook) this.#claimable.delete(id);
  }

  labelsOf(id: number): readonly string[] {
    return this.#sets.get(id) ?? [];
  }

  /** Calls back when there are claimable jobs of a set that this server does not know. */
  onUnknown(callback: () => void): void {
    this.#onUnknown = callback;
  }

  #learn(row: { id: number; labels: string }): void {
    if (this.#sets.has(row.id)) return;
    this.#sets.set(row.id, JSON.parse(row.labels) as string[]);
    this.#ids.set(row.labels, row.id);
    this.#highest = Math.max(this.#highest, row.id);
    this.#matches.clear();
  }
}
