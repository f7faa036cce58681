import { firstChildOrdinal } from '../domain/matrix/matrix-spec.js';

/** Jobs that a run can have: ordinals take the low 20 bits of a job's row id. */
export const ordinals = 2 ** 20;

/** Whether a job is a child of a job with a matrix. */
export function isChild(job: number): boolean {
  return ordinalOfJob(job) >= firstChildOrdinal;
}

export function jobIdOf(run: number, ordinal: number): number {
  return run * ordinals + ordinal;
}

export function runOfJob(job: number): number {
  return Math.floor(job / ordinals);
}

export function ordinalOfJob(job: number): number {
  return job % ordinals;
}
