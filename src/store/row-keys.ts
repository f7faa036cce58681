import { type Rows, rowSet } from './row-set.js';

// Row sets that identify rows.

/** Runs by their numbers. */
export const runKeys = rowSet({ no: 'integer' });

/** Jobs by their row ids. */
export const jobKeys = rowSet({ id: 'integer' });

/** Attempts by their job's row id and their number. */
export const attemptKeys = rowSet({ job: 'integer', number: 'integer' });
export type AttemptKey = Rows<typeof attemptKeys>[number];

/** Jobs of a version by their ordinals. */
export const ordinalKeys = rowSet({ ord: 'integer' });

/** Jobs with their run, version and ordinal. */
export const jobPlaces = rowSet({ job: 'integer', run: 'integer', version: 'integer', ord: 'integer' });

/** Requests by the hashes of their ids. */
export const requestKeys = rowSet({ request_hash: 'text' });

/** Label sets by their labels as JSON text. */
export const labelKeys = rowSet({ labels: 'text' });

/** Gates by their numbers. */
export const gateKeys = rowSet({ gate: 'integer' });
