/**
 * The slowdown of this machine relative to the reference machine. The run measures it once (scripts/suites/machine.js)
 * and passes it to all its processes; 1 if not measured.
 */
export const timeFactor = readFactor(process.env.TEST_TIME_FACTOR);

/** A bound scaled for this machine. */
export function scaled(ms: number): number {
  return Math.ceil(ms * timeFactor);
}

function readFactor(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const factor = Number(text);
  if (!(factor >= 1) || !Number.isFinite(factor)) throw new Error(`TEST_TIME_FACTOR: ${text} is not a number from 1`);
  return factor;
}
