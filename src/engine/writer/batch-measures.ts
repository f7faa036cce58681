import type { AttemptOutcome } from '../../domain/lease.js';
import type { AttemptKey } from '../../store/row-keys.js';

/** What metrics and traces report of a batch besides its changes. */
export class BatchMeasures {
  /** How long each claimed job had waited. */
  readonly dispatchMs: number[] = [];
  /** The outcomes of the attempts that ended. */
  readonly outcomes: AttemptOutcome[] = [];
  /** Attempts of cancelled jobs: they ended without an event, because their jobs had ended before. */
  readonly stoppedAttempts: AttemptKey[] = [];
  /** How many claims found no job. */
  emptyClaims = 0;
}
