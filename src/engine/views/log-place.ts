import { DomainError } from '../../domain/errors.js';
import { comparePositions, type LogPosition } from '../../domain/log-cap.js';
import { logStreamName, logStreamNamed, logStreamOf } from '../../domain/log-streams.js';
import type { LogChunkView, LogQuery } from './log-views.js';

/** Position of a chunk in the log of its job. */
export interface LogPlace extends LogPosition {
  readonly attempt: number;
}

/** Where a reader begins: after the chunk that it names, or before everything that it requests. */
export function startOf(query: LogQuery): LogPlace {
  if (query.after !== '') {
    const parts = /^(\d{1,9})\.(\d{1,16})\.([a-z-]{1,12})$/.exec(query.after);
    const stream = logStreamNamed(parts?.[3] ?? '');
    if (parts === null || stream === undefined) {
      throw new DomainError(
        'malformed',
        `after: ${JSON.stringify(query.after)} is not a position such as "0.17.stdout"`,
      );
    }
    const named = { attempt: Number(parts[1]), sequence: Number(parts[2]), stream };
    // A reader of one attempt gets only that attempt, whatever it read before.
    if (named.attempt >= (query.attempt ?? 0)) return named;
  }
  return { attempt: query.attempt ?? 0, sequence: -1, stream: 0 };
}

/** The position after everything that a reader requests. */
export function endOf({ attempt }: LogQuery): LogPlace {
  return { attempt: attempt === null ? Number.MAX_SAFE_INTEGER : attempt + 1, sequence: -1, stream: 0 };
}

export function placeOf({ attempt, sequence, stream, systemLine }: LogChunkView): LogPlace {
  return { attempt, sequence, stream: logStreamOf(stream, systemLine) };
}

export function writePlace({ attempt, sequence, stream }: LogPlace): string {
  return `${attempt}.${sequence}.${logStreamName(stream)}`;
}

export function compareLogPlaces(a: LogPlace, b: LogPlace): number {
  return a.attempt - b.attempt || comparePositions(a, b);
}
