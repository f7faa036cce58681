import type { FollowOptions, LogOptions } from './client-options.js';
import { isTemporary } from './errors.js';
import type { Calls } from './http/calls.js';
import { jobPath, query } from './http/paths.js';
import { readEvents } from './http/server-sent-events.js';
import { sleep } from './sleep.js';
import type { LogChunk } from './wire.js';

/** Reads a page of the stored log of a job. */
export async function readJobLog(
  calls: Calls,
  id: string,
  jobId: string,
  options: LogOptions,
): Promise<readonly LogChunk[]> {
  const { attempt, limit, tail } = options;
  const after = options.after === undefined ? undefined : positionOf(options.after);
  return (await calls.get(
    `${jobPath(id, jobId)}/logs${query({ attempt, limit, after, tail })}`,
  )) as readonly LogChunk[];
}

/** Follows the log of a job until it ends. After a broken connection it resumes after the last chunk. */
export async function* followJobLog(
  calls: Calls,
  id: string,
  jobId: string,
  options: FollowOptions,
): AsyncGenerator<LogChunk, void> {
  const { attempt, tail, after, signal } = options;
  let lastEventId = after === undefined ? null : positionOf(after);
  let wasThere = false;
  for (;;) {
    const request = {
      method: 'GET' as const,
      path: `${jobPath(id, jobId)}/logs/stream${query({ attempt, tail })}`,
      headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
      ...(signal ? { signal } : {}),
    };
    try {
      const pieces = await calls.stream(request);
      // The log has ended, and nothing is left.
      if (pieces === null) return;
      for await (const event of readEvents(pieces)) {
        wasThere = true;
        if (event.name === 'end') return;
        if (event.name !== 'log') continue;
        yield JSON.parse(event.data) as LogChunk;
        lastEventId = event.id ?? lastEventId;
      }
      // Only an explicit end event ends the log: a stopping server ends the stream too.
      wasThere = true;
    } catch (error) {
      if (signal?.aborted || !wasThere || !isTemporary(error)) throw error;
    }
    await sleep(500, signal);
    signal?.throwIfAborted();
  }
}

/** Lines of the server have separate streams. */
const systemStreams: Readonly<Record<number, string>> = { 1: 'system-first', 2: 'system-stop', 3: 'system-end' };

function positionOf({ attempt = 0, sequence, stream, system_line }: NonNullable<LogOptions['after']>): string {
  return `${attempt}.${sequence}.${systemStreams[system_line ?? 0] ?? stream}`;
}
