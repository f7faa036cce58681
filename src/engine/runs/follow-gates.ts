import { runsByNumber } from '../../store/statements/find-runs.js';
import { gatesWithWaiting, holdersOfGate, runsThatCancel } from '../../store/statements/gates.js';
import { gatesWithHeldJobs } from '../../store/statements/job-gates.js';
import type { EngineContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import type { cancelRunVerb } from './cancel-run.js';
import { runLimits } from './limits.js';
import type { startRunVerb } from './start-run.js';

/**
 * Carries out what the end of a batch decided about gates: decides the jobs of admitted runs, and cancels superseded
 * runs. The decision's transaction marks both in the rows, so `InterruptedWork` completes them after a crash.
 */
export class FollowGates {
  readonly #context: EngineContext;
  readonly #starting: Pick<ReturnType<typeof startRunVerb>, 'activateFrom'>;
  readonly #cancelling: ReturnType<typeof cancelRunVerb>;
  readonly #look;
  readonly #serve = serveAdmittedOperation();
  readonly #areClaimsParked: () => boolean;
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    context: EngineContext,
    starting: Pick<ReturnType<typeof startRunVerb>, 'activateFrom'>,
    cancelling: ReturnType<typeof cancelRunVerb>,
    areClaimsParked: () => boolean,
  ) {
    this.#context = context;
    this.#starting = starting;
    this.#cancelling = cancelling;
    this.#areClaimsParked = areClaimsParked;
    this.#look = lookAtGatesOperation();
  }

  /** Called after the commit. */
  follow({ gates }: Batch): void {
    for (const run of gates.admitted) this.#do(() => this.#starting.activateFrom({ ...run, from: 0 }));
    for (const no of gates.superseded) this.#do(() => this.#cancelSuperseded(no));
    if (gates.cancelsInProgress) this.#do(() => this.cancelInProgress());
    const { writer } = this.#context;
    if (gates.next.size > 0) this.#do(() => writer.submit(this.#look, { gates: [...gates.next], recounts: false }));
    if (gates.claimable.size > 0 && this.#areClaimsParked()) {
      this.#do(() => writer.submit(this.#serve, [...gates.claimable]));
    }
  }

  /** Cancels runs in progress for a newer run of their group that waits for their place. */
  async cancelInProgress(): Promise<void> {
    const { read } = this.#context.store;
    for (const { id: supersededBy, gate } of await runsThatCancel.run(read, { limit: runLimits.cancelledPerStep })) {
      for (const { id, cancel_requested_at_ms } of await holdersOfGate.run(read, {
        gate,
        limit: runLimits.cancelledPerStep,
      })) {
        if (cancel_requested_at_ms !== null) continue;
        const request = { caller: { credential: null }, force: false, requestId: null, supersededBy };
        await this.#cancelling.cancelRun({ ...request, id });
      }
    }
  }

  /**
   * Admits runs that wait although a place is free: the transaction that freed it may have skipped a row that another
   * transaction had locked, or a server of an older version ended a run without returning its place.
   */
  async lookAtGates(): Promise<void> {
    const { store, writer } = this.#context;
    for (const gatesAfter of [gatesWithWaiting, gatesWithHeldJobs]) {
      for (let after = 0; ; ) {
        const found = await gatesAfter.run(store.read, { after, limit: runLimits.gatesPerQuery });
        const last = found.at(-1);
        if (last === undefined) break;
        await writer.submit(this.#look, { gates: found.map(({ gate }) => gate), recounts: true });
        after = last.gate;
      }
    }
  }

  /** Serves the claims that wait here with jobs of these label sets. */
  async serve(sets: readonly number[]): Promise<void> {
    if (sets.length > 0 && this.#areClaimsParked()) await this.#context.writer.submit(this.#serve, sets);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #cancelSuperseded(no: number): Promise<void> {
    const [run] = await runsByNumber.run(this.#context.store.read, { rows: [{ no }] });
    if (run !== undefined && run.cancel_from !== null) await this.#cancelling.cancelFrom(run, run.cancel_from, true);
  }

  #do(act: () => Promise<void>): void {
    const done = act()
      .catch((err: unknown) => this.#context.log.warn({ err }, 'could not carry out what a gate decided; retrying'))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }
}

/** Gates by their numbers, and whether their places in use are recounted. */
interface GatesToCheck {
  readonly gates: readonly number[];
  readonly recounts: boolean;
}

/** Checks gates for runs and jobs to admit. */
function lookAtGatesOperation(): Operation<GatesToCheck, void> {
  return {
    name: 'look-at-gates',
    keyOf: () => 0,
    async apply(batch, inputs) {
      for (const { gates, recounts } of inputs) {
        for (const gate of gates) {
          batch.gates.looked.add(gate);
          if (recounts) batch.gates.recounted.add(gate);
        }
      }
      return inputs.map(() => undefined);
    },
  };
}

/** Serves the claims that wait here with the jobs that gates admitted, given by their label sets. */
function serveAdmittedOperation(): Operation<readonly number[], void> {
  return {
    name: 'serve-admitted',
    keyOf: () => 0,
    async apply(batch, inputs) {
      for (const set of inputs.flat()) batch.wakeups.heardClaimable.add(set);
      return inputs.map(() => undefined);
    },
  };
}
