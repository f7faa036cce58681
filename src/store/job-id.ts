/** How many jobs a run can have: ordinals take the low 20 bits of a job's row id. */
const ordinals = 2 ** 20;

export function jobIdOf(run: number, ordinal: number): number {
  return run * ordinals + ordinal;
}

export function runOfJob(job: number): number {
  return Math.floor(job / ordinals);
}

export function ordinalOfJob(job: number): number {
  return job % ordinals;
}
