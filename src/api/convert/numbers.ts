import { DomainError } from '../../domain/errors.js';

/** Writes a count or a time. A fraction is rounded up, so that a wait or a limit is never reported too short. */
export function toInt64(value: number): bigint {
  return BigInt(Math.ceil(value));
}

export function toOptionalInt64(value: number | null): bigint | undefined {
  return value === null ? undefined : toInt64(value);
}

/** Reads a 64-bit integer. Throws `malformed` beyond ±(2^53 − 1), where numbers lose digits. */
export function fromInt64(field: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DomainError('malformed', `${field}: ${value} is out of range, it must be within ±9007199254740991`);
}
