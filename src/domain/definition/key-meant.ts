import { type HintBudget, nearest } from '../suggest.js';
import type { KeyRow } from './key-row.js';

/** Names of the same keys in the API and in the files of other systems. */
const namesElsewhere = new Map([
  ['trigger', 'on'],
  ['triggers', 'on'],
  ['command', 'run'],
  ['commands', 'run'],
  ['script', 'run'],
  ['depends_on', 'needs'],
  ['depends-on', 'needs'],
  ['dependencies', 'needs'],
  ['required_labels', 'labels'],
  ['tags', 'labels'],
  ['max_retries', 'retries'],
  ['retry', 'retries'],
  ['retry_policy', 'retries'],
  ['timeout_secs', 'timeout'],
  ['when', 'if'],
  ['variables', 'env'],
]);

/** The key that was probably meant, or null. */
export function keyMeant(unknown: string, known: ReadonlyMap<string, KeyRow>, budget: HintBudget): string | null {
  const elsewhere = namesElsewhere.get(unknown);
  if (elsewhere !== undefined && known.has(elsewhere)) return elsewhere;
  return nearest(unknown, known.keys(), budget);
}
