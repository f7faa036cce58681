import { chunkPadding } from '../../domain/log-cap.js';
import { logStreams } from '../../domain/log-streams.js';
import { addLogTally } from '../../store/statements/attempts.js';
import { insertSystemLines } from '../../store/statements/logs.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';

/** A line that the server, not the worker, writes to an attempt's log. */
export interface SystemLine {
  readonly attempt: { readonly job: number; readonly number: number };
  readonly text: string;
}

/**
 * Appends a line to some logs. System lines have a stream of their own, so their position never collides with a
 * worker's chunk.
 */
export async function writeSystemLines(batch: Batch, lines: readonly SystemLine[], at: 'stop' | 'end'): Promise<void> {
  if (lines.length === 0) return;
  const stream = at === 'stop' ? logStreams.systemStop : logStreams.systemEnd;
  const written = lines.map(({ attempt, text }) => ({ ...attempt, data: `… ${text} …\n` }));
  await insertSystemLines.run(batch.connection, {
    rows: written.map(({ job, number, data }) => ({ job, attempt: number, stream, at_ms: batch.nowMs, data })),
  });
  await addLogTally.run(batch.connection, {
    rows: written.map(({ job, number, data }) => {
      const bytes = Buffer.byteLength(data);
      return { job, number, bytes, padding: chunkPadding(bytes), flag: 0 };
    }),
  });
  for (const { job } of written) batch.wakeups.signals.add(jobTopic(job));
}
