import { DomainError } from '../../domain/errors.js';
import { StoreUnavailable } from '../store.js';
import { classifyError, isTakenByAnother, isUnstorableText } from './classify-error.js';

/** How long a caller waits for an unavailable database, in milliseconds. */
const retryMsMax = 5_000;

/** Longest pause between two tries while the database is unavailable. */
const pauseMsMax = 250;

/** Tries of work that collides with other transactions, regardless of the time. */
const collisionsMax = 50;

/** Tries of work that finds stored what it would store itself. */
const takenMax = 3;

/** Receives observations of the database's health. */
export interface Health {
  /** The connection broke, or could not be made. */
  lost(error: unknown): void;
  /** An answer came. */
  answered(): void;
}

/**
 * Retries work until it succeeds, fails by its own fault, or the time is over. Retries at once after a collision, and
 * after a lost connection when the database is available again.
 *
 * Errors: `StoreUnavailable` when the time is over, else the work's own.
 */
export async function withRetries<T>(work: () => Promise<T>, health: Health): Promise<T> {
  const startedAt = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      const result = await work();
      health.answered();
      return result;
    } catch (error) {
      const errorClass = classifyError(error);
      if (isUnstorableText(error)) throw new DomainError('malformed', unstorable, { cause: error });
      if (errorClass === 'wrong' || (isTakenByAnother(error) && tries >= takenMax)) throw error;
      if (errorClass === 'lost') health.lost(error);
      const isOver = performance.now() - startedAt > retryMsMax;
      if (errorClass === 'refused' || (errorClass === 'lost' ? isOver : isOver && tries >= collisionsMax)) {
        throw new StoreUnavailable(sentence(errorClass), error);
      }
      await pause(
        errorClass === 'again' ? Math.random() * Math.min(2 ** tries, 20) : Math.min(5 * 2 ** tries, pauseMsMax),
      );
    }
  }
}

const unstorable = 'The request holds the character U+0000, which cannot be stored.';

function sentence(errorClass: 'refused' | 'lost' | 'again'): string {
  if (errorClass === 'lost') return 'The database is unavailable. Nothing was changed; try again.';
  return 'The database cannot accept the change now. Nothing was changed; try again.';
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
