import { DomainError } from '../../domain/errors.js';
import { StoreUnavailable } from '../store.js';
import { isTakenByAnother, isUnstorableText, judge } from './judge.js';

/** How long a caller is kept waiting for a database that is away, in milliseconds. */
const patienceMs = 5_000;

/** The longest pause between two tries while the database is away. */
const pauseMsMax = 250;

/** How often work is tried that other transactions get in the way of, without a look at the time. */
const collisionsMax = 50;

/** How often work is tried that finds stored what it would store itself. */
const takenMax = 3;

/** What is told of the database's health. */
export interface Health {
  /** The connection broke, or could not be made. */
  lost(error: unknown): void;
  /** An answer came. */
  answered(): void;
}

/**
 * Runs work until it succeeds, fails by its own fault, or the patience ends. After a collision it runs again at once,
 * after a lost connection when the database is back.
 *
 * Errors: `StoreUnavailable` when the patience ended, else the work's own.
 */
export async function withPatience<T>(work: () => Promise<T>, health: Health): Promise<T> {
  const startedAt = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      const result = await work();
      health.answered();
      return result;
    } catch (error) {
      const judgement = judge(error);
      if (isUnstorableText(error)) throw new DomainError('malformed', unstorable, { cause: error });
      if (judgement === 'wrong' || (isTakenByAnother(error) && tries >= takenMax)) throw error;
      if (judgement === 'lost') health.lost(error);
      const isOver = performance.now() - startedAt > patienceMs;
      if (judgement === 'refused' || (judgement === 'lost' ? isOver : isOver && tries >= collisionsMax)) {
        throw new StoreUnavailable(sentence(judgement), error);
      }
      await pause(
        judgement === 'again' ? Math.random() * Math.min(2 ** tries, 20) : Math.min(5 * 2 ** tries, pauseMsMax),
      );
    }
  }
}

const unstorable = 'The request holds the character U+0000, which cannot be stored.';

function sentence(judgement: 'refused' | 'lost' | 'again'): string {
  if (judgement === 'lost') return 'The database is away. Nothing was changed; try again.';
  return 'The database cannot take the change for now. Nothing was changed; try again.';
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
