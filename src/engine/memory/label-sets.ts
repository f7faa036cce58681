import { LRUCache } from 'lru-cache';
import { isLeftToOthers, labelsMatch, type Offer } from '../../domain/labels.js';
import type { Connection } from '../../store/connection.js';
import { claimableLabelSets } from '../../store/statements/claims.js';
import { allLabelSets, ensureLabelSets, labelSetsByLabels } from '../../store/statements/workflows.js';
import type { Store } from '../../store/store.js';

/** What a worker offers, and the numbers of the label sets whose jobs it takes. */
export interface LabelMatch {
  readonly key: string;
  readonly sets: ReadonlySet<number>;
}

/** Numbers are assigned before the commit, so another server's set may appear after one with a higher number. */
const lateNumbers = 1_000;

/**
 * The distinct sets of required labels, numbered, and which of them may have claimable jobs. Both are kept in memory,
 * so a claim that cannot be served costs no query. Sets of another server arrive with its notification or the next
 * poll.
 */
export class LabelSets {
  readonly #sets = new Map<number, readonly string[]>();
  readonly #ids = new Map<string, number>();
  readonly #matches = new LRUCache<string, LabelMatch>({ max: 5_000 });
  /** The count of notes at which each set was last noted as claimable. */
  readonly #claimable = new Map<number, number>();
  #notes = 0;
  #highest = 0;
  #wasAskedInVain = false;
  #onUnknown: () => void = () => {};
  #onNew: (connection: Connection) => void = () => {};
  #paused: ReadonlySet<string> = new Set();

  async load(connection: Connection): Promise<void> {
    await this.loadNew(connection);
    await this.lookForClaimable(connection);
  }

  /** Loads the sets that other servers added. */
  async loadNew(connection: Connection): Promise<void> {
    const rows = await allLabelSets.run(connection, { afterId: Math.max(0, this.#highest - lateNumbers) });
    for (const row of rows) this.#learn(row);
  }

  /** Notes every set with a claimable job, whichever server made it claimable. */
  async lookForClaimable(connection: Connection): Promise<number[]> {
    const sets = (await claimableLabelSets.run(connection, {})).map(({ id }) => id);
    for (const id of sets) this.noteClaimable(id);
    return sets;
  }

  /** The numbers of some label sets, given by their keys; stores new ones first, in a transaction of its own. */
  async numbersOf(store: Store, keys: readonly string[]): Promise<number[]> {
    const fresh = [...new Set(keys)].filter((key) => !this.#ids.has(key));
    if (fresh.length > 0) {
      const rows = fresh.map((key) => ({ labels: key }));
      await store.transact(async (connection) => {
        await ensureLabelSets.run(connection, { rows });
        this.#onNew(connection);
      });
      for (const row of await labelSetsByLabels.run(store.read, { rows })) this.#learn(row);
    }
    return keys.map((key) => this.#numberOf(key));
  }

  #numberOf(key: string): number {
    const id = this.#ids.get(key);
    if (id === undefined) throw new Error(`label set ${key} was not stored`);
    return id;
  }

  /** Number of known sets. */
  get size(): number {
    return this.#sets.size;
  }

  has(key: string): boolean {
    return this.#ids.has(key);
  }

  /**
   * The numbers of some label sets within a transaction, which stores new ones too. They are known at once, so that the
   * transaction can serve workers with them; `undo` forgets them if it fails.
   */
  async numbersIn(
    connection: Connection,
    keys: readonly string[],
    undo: (act: () => void) => void,
  ): Promise<ReadonlyMap<string, number>> {
    const fresh = [...new Set(keys)].filter((key) => !this.#ids.has(key)).sort();
    if (fresh.length > 0) {
      const rows = fresh.map((labels) => ({ labels }));
      await ensureLabelSets.run(connection, { rows });
      this.#onNew(connection);
      for (const row of await labelSetsByLabels.run(connection, { rows })) {
        undo(() => this.#forget(row));
        this.#learn(row);
      }
    }
    return new Map(keys.map((key) => [key, this.#numberOf(key)]));
  }

  /** The sets whose jobs a worker takes. */
  match({ key, labels, onlyLabelled }: Offer): LabelMatch {
    const known = this.#matches.get(key);
    if (known !== undefined) return known;
    const offered = new Set(labels);
    const sets = new Set<number>();
    for (const [id, required] of this.#sets) {
      if (isLeftToOthers(required, onlyLabelled) || this.isPaused(required)) continue;
      if (labelsMatch(required, offered)) sets.add(id);
    }
    const match = { key, sets };
    this.#matches.set(key, match);
    return match;
  }

  /** Labels that become paused: no claim gets a job that requires one. */
  pause(labels: ReadonlySet<string>): void {
    this.#paused = labels;
    this.#matches.clear();
  }

  isPaused(required: readonly string[]): boolean {
    return this.#paused.size > 0 && required.some((label) => this.#paused.has(label));
  }

  /** Of a worker's sets, those that may have a claimable job. */
  claimableFor(match: LabelMatch): number[] {
    const few = match.sets.size < this.#claimable.size ? match.sets : this.#claimable.keys();
    const many = match.sets.size < this.#claimable.size ? this.#claimable : match.sets;
    const both: number[] = [];
    for (const id of few) if (many.has(id)) both.push(id);
    if (both.length === 0) this.#wasAskedInVain = true;
    return both;
  }

  /** Whether a claim was turned away without a query since the last call. */
  wasAskedInVain(): boolean {
    const was = this.#wasAskedInVain;
    this.#wasAskedInVain = false;
    return was;
  }

  /** Notes that a job of this set became claimable, or may have. */
  noteClaimable(id: number): void {
    this.#claimable.set(id, ++this.#notes);
    if (!this.#sets.has(id)) this.#onUnknown();
  }

  /** Read before a look, and passed to `noteEmpty` with the result of the look. */
  get notes(): number {
    return this.#notes;
  }

  /** Notes that a look found no claimable job of this set; ignored if one was noted since. */
  noteEmpty(id: number, notesAtLook: number): void {
    if ((this.#claimable.get(id) ?? 0) <= notesAtLook) this.#claimable.delete(id);
  }

  labelsOf(id: number): readonly string[] {
    return this.#sets.get(id) ?? [];
  }

  isKnown(id: number): boolean {
    return this.#sets.has(id);
  }

  /** Calls back when a set that this server does not know has claimable jobs. */
  onUnknown(callback: () => void): void {
    this.#onUnknown = callback;
  }

  /** Calls back in each transaction that stores new sets. */
  onNew(callback: (connection: Connection) => void): void {
    this.#onNew = callback;
  }

  #forget(row: { id: number; labels: string }): void {
    this.#sets.delete(row.id);
    this.#ids.delete(row.labels);
    this.#matches.clear();
  }

  #learn(row: { id: number; labels: string }): void {
    if (this.#sets.has(row.id)) return;
    this.#sets.set(row.id, JSON.parse(row.labels) as string[]);
    this.#ids.set(row.labels, row.id);
    this.#highest = Math.max(this.#highest, row.id);
    this.#matches.clear();
  }
}
