import { admittedOf } from '../../domain/gates/decide-gate.js';
import { nodeOfGate } from '../../domain/gates/job-gates.js';
import { holdingPlace, type Places, readPlaces, withPlace, writePlaces } from '../../domain/gates/places.js';
import { runOfJob } from '../../store/job-id.js';
import type { GateRow } from '../../store/statements/gates.js';
import { admitJobs, countJobHolders, countParallelChildren, firstHeldJobs } from '../../store/statements/job-gates.js';
import type { BatchContext } from '../context.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { gateLimits } from './limits.js';

/**
 * Admits held jobs while there are places. A job that has passed its last gate is claimable. A job that reaches a gate
 * that this batch has not locked stays held there until the next batch: gates are locked in the order of their numbers.
 */
export class JobAdmission {
  readonly #knowledge: BatchContext;
  readonly #batch: Batch;
  readonly #gates: ReadonlyMap<number, GateRow>;
  /** The number of jobs that reached each gate in this batch. */
  readonly #comers: Map<number, number>;
  readonly #inUse = new Map<number, number>();
  readonly #admitted = new Map<number, { readonly gate: number; readonly places: Places }>();

  constructor(knowledge: BatchContext, batch: Batch, gates: readonly GateRow[], comers: Map<number, number>) {
    this.#knowledge = knowledge;
    this.#batch = batch;
    this.#gates = new Map(gates.map((gate) => [gate.no, gate]));
    this.#comers = comers;
  }

  /** Returns the number of places of each gate in use afterwards. */
  async run(): Promise<ReadonlyMap<number, number>> {
    const { gates } = this.#batch;
    for (const { no, key, in_use } of this.#gates.values()) {
      const counted = gates.recounted.has(no) ? await this.#countUsed(no, key) : in_use - (gates.returned.get(no) ?? 0);
      this.#inUse.set(no, counted);
    }
    // Jobs that pass a gate may reach one that is already in the list, so the list is processed until no job reaches
    // any more.
    for (let waiting = [...this.#gates.keys()]; waiting.length > 0; ) {
      const reached = new Set<number>();
      for (const gate of waiting) await this.#admitAt(gate, reached);
      await this.#store();
      waiting = [...reached].sort((a, b) => a - b);
    }
    for (const { job } of gates.jobs) {
      if (!this.#isQueued.has(job)) this.#batch.changes.event('job.held', { run: runOfJob(job), job });
    }
    return this.#inUse;
  }

  readonly #isQueued = new Set<number>();

  async #admitAt(gate: number, reached: Set<number>): Promise<void> {
    const { connection, gates } = this.#batch;
    let wanted = 1 + (this.#comers.get(gate) ?? 0) + (gates.returned.get(gate) ?? 0);
    for (;;) {
      const limit = Math.min(wanted, gateLimits.heldJobsPerQuery);
      const held = await firstHeldJobs.run(connection, { gate, limit });
      const ways = held.map(({ places }) => readPlaces(places));
      const inUse = this.#inUse.get(gate) ?? 0;
      const fits = admittedOf(
        inUse,
        ways.map((places) => ({ max: places.find((place) => place.gate === gate)?.max ?? 1 })),
      );
      for (const [at, { id, enqueued_at_ms }] of held.slice(0, fits).entries()) {
        this.#batch.notBefore(enqueued_at_ms);
        const places = withPlace(ways[at] ?? [], gate, this.#batch.nowMs);
        const next = holdingPlace(places)?.gate ?? null;
        this.#admitted.set(id, { gate: next ?? gate, places });
        if (next === null) continue;
        if (!this.#gates.has(next)) gates.next.add(next);
        else {
          reached.add(next);
          this.#comers.set(next, (this.#comers.get(next) ?? 0) + 1);
        }
      }
      this.#inUse.set(gate, inUse + fits);
      if (fits < limit) return;
      await this.#store();
      wanted *= 2;
    }
  }

  /** Stores the decisions since the last call. */
  async #store(): Promise<void> {
    const { connection, changes, gates, wakeups, nowMs } = this.#batch;
    if (this.#admitted.size === 0) return;
    const rows = [...this.#admitted].map(([id, { gate, places }]) => {
      const state = holdingPlace(places) === null ? ('queued' as const) : ('held' as const);
      return { id, state, gate, places: writePlaces(places) };
    });
    this.#admitted.clear();
    for (const { id, state, label_set, attempt } of await admitJobs.run(connection, { rows, nowMs })) {
      if (state !== 'queued') continue;
      this.#isQueued.add(id);
      changes.event('job.queued', { run: runOfJob(id), job: id, attempt });
      wakeups.signals.add(jobTopic(id));
      wakeups.claimable.add(label_set);
      gates.claimable.add(label_set);
      this.#knowledge.labelSets.noteClaimable(label_set);
    }
  }

  /** Counts the jobs that have a place, from their rows. */
  async #countUsed(gate: number, key: string): Promise<number> {
    const { connection } = this.#batch;
    const node = nodeOfGate(key);
    const [row] =
      node === null
        ? await countJobHolders.run(connection, { gate })
        : await countParallelChildren.run(connection, { gate, node });
    return row?.count ?? 0;
  }
}
