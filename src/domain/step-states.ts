import type { StepDefinition } from './definition/definition.js';
import type { AttemptOutcome } from './lease.js';

/** How far a step of an attempt is. Its beginning is by the worker's clock; null when it is not known. */
export interface StepState {
  readonly status: 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** Where the line of a step begins. */
const stepLinePrefix = '::step ';

/** Finds the lines `::step 2/3 Name` by which the compiled script of a job announces its steps. */
export class StepScanner {
  readonly #lines: readonly string[];
  readonly #startedAtMs: (number | null)[];
  #begun = 0;

  constructor(steps: readonly Pick<StepDefinition, 'name'>[]) {
    this.#lines = steps.map(({ name }, at) => `${stepLinePrefix}${at + 1}/${steps.length} ${name}`);
    this.#startedAtMs = steps.map(() => null);
  }

  /** Takes a piece of stdout, and when it was written. Lines of steps before the last one that began do not count. */
  push(text: string, atMs: number): void {
    for (const line of text.split('\n')) {
      if (!line.startsWith(stepLinePrefix)) continue;
      const found = this.#lines.indexOf(line, this.#begun);
      if (found < 0) continue;
      this.#startedAtMs[found] = atMs;
      this.#begun = found + 1;
    }
  }

  /** Whether the last step has begun, so that nothing more can be found. */
  get isComplete(): boolean {
    return this.#begun === this.#lines.length;
  }

  /** The states of the steps of an attempt; `outcome` is null while it runs. */
  states(attempt: {
    readonly outcome: AttemptOutcome | null;
    readonly endedAtMs: number | null;
    readonly error: string | null;
  }): StepState[] {
    const count = this.#lines.length;
    // The line of a step may be missing in a log that was too long; its worker may have named the step.
    const begun = Math.max(this.#begun, stepNamedIn(attempt.error, count));
    const current = attempt.outcome === 'success' ? count : begun;
    return this.#lines.map((_, at): StepState => {
      const startedAtMs = this.#startedAtMs[at] ?? null;
      if (at >= current) {
        return { status: attempt.outcome === null ? 'queued' : 'skipped', startedAtMs: null, endedAtMs: null };
      }
      const isLast = at === current - 1;
      const endedAtMs = isLast ? attempt.endedAtMs : (this.#startedAtMs[at + 1] ?? null);
      return {
        status: isLast ? lastStatus(attempt.outcome) : 'success',
        startedAtMs,
        // The clocks of worker and server may differ.
        endedAtMs: endedAtMs === null ? null : Math.max(endedAtMs, startedAtMs ?? endedAtMs),
      };
    });
  }
}

/** The number of the step that a failure names, as `step 2/3 "Unit tests": exit status 1`; 0 when it names none. */
function stepNamedIn(error: string | null, count: number): number {
  const match = /^step ([0-9]{1,4})\/([0-9]{1,4}) "/.exec(error ?? '');
  return match !== null && Number(match[2]) === count ? Math.min(Number(match[1]), count) : 0;
}

function lastStatus(outcome: AttemptOutcome | null): StepState['status'] {
  switch (outcome) {
    case null:
      return 'running';
    case 'success':
      return 'success';
    case 'cancelled':
      return 'cancelled';
    case 'failure':
    case 'timed_out':
    case 'lease_expired':
      return 'failure';
  }
}
