import type { GateAnswer } from '../../domain/gates/decide-gate.js';
import type { JobGate } from '../../domain/gates/job-gates.js';
import { holdingPlace, readPlaces } from '../../domain/gates/places.js';
import type { RunGroup } from '../../domain/gates/run-group.js';

/** A run that requests a place in its group. */
export interface GateAsker {
  readonly runId: string;
  readonly group: RunGroup;
  /**
   * Called inside the transaction, with the gate locked. Stores the run unless it is refused, and returns its number.
   *
   * @param holder of a full group: a run that has a place
   */
  decided(answer: GateAnswer, holder: string | null): Promise<number | null>;
}

/** A job that reaches its first gate: its state is `held`. */
export interface JobAtGate {
  readonly job: number;
  readonly gates: readonly JobGate[];
}

/** A run that got its place: its jobs can be decided. */
export interface AdmittedRun {
  readonly no: number;
  readonly version: number;
  readonly jobCount: number;
}

/** What a batch leaves for its end about gates, and what its end decided; `changeGates` and `FollowGates` read it. */
export class BatchGates {
  readonly askers: GateAsker[] = [];
  /** Jobs that request a place at each of their gates in turn. */
  get jobs(): readonly JobAtGate[] {
    return this.#jobs;
  }
  #jobs: JobAtGate[] = [];
  /** Places that were returned, by gate. */
  readonly returned = new Map<number, number>();
  /** Gates at which a waiting run may be admitted although no place was returned. */
  readonly looked = new Set<number>();
  /** Of these, gates whose used places are recounted: a server of an older version returns none. */
  readonly recounted = new Set<number>();

  /** Runs that waited and got their places. */
  readonly admitted: AdmittedRun[] = [];
  /** Waiting runs that are cancelled in favour of a newer one, by their numbers. */
  readonly superseded: number[] = [];
  /** Label sets in which held jobs became claimable; the next batch serves the claims that wait for them. */
  readonly claimable = new Set<number>();
  /** Gates that jobs reached after another one, and that this batch has not locked. */
  readonly next = new Set<number>();
  /** Events up to here are of jobs that no pause is to hold, or holds already. */
  pausesCheckedTo = 0;
  /** Whether a run waits that cancels those in progress. */
  cancelsInProgress = false;

  get isUntouched(): boolean {
    return [this.askers.length, this.jobs.length, this.returned.size, this.looked.size].every((count) => count === 0);
  }

  /** A job reaches its first gate. */
  reached(job: number, gates: readonly JobGate[]): void {
    this.#jobs.push({ job, gates });
  }

  /** These jobs do not request their places after all. */
  forgetComers(jobs: ReadonlySet<number>): void {
    this.#jobs = this.#jobs.filter(({ job }) => !jobs.has(job));
  }

  /** A run of the gate ended. */
  ended(gate: number, wasHeld: boolean): void {
    if (wasHeld) this.looked.add(gate);
    else this.#return(gate);
  }

  /** Called when a job with these gates ends or is reset: it returns its places, and leaves the gate that holds it. */
  left(places: string | null): void {
    if (places === null) return;
    for (const { gate, sinceMs } of readPlaces(places)) if (sinceMs !== null) this.#return(gate);
    this.locked(places);
  }

  /**
   * Called when this batch locks a job that may be held: another server's gate skips it in the meantime, so its gate is
   * checked again.
   */
  locked(places: string | null): void {
    const holding = holdingPlace(readPlaces(places));
    if (holding !== null) this.looked.add(holding.gate);
  }

  #return(gate: number): void {
    this.returned.set(gate, (this.returned.get(gate) ?? 0) + 1);
  }
}
