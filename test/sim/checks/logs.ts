import { simLogCap } from '../sim-server.js';
import type { Simulation } from '../simulation.js';

/** Every chunk of the simulation is short and counts the minimum. */
const chunksKept = (simLogCap.headBytes + simLogCap.tailBytes) / 128;

interface StoredGap {
  readonly to: { readonly sequence: number };
  readonly chunks: number;
}

/**
 * Every chunk that was acknowledged is stored under the attempt that sent it, or was dropped from the middle of a log that
 * was too long; and nothing is stored that nobody sent.
 */
export function checkLogs(simulation: Simulation): void {
  const { world, database, leases } = simulation;
  const rows = database.rows<{ job: number; attempt: number; sequence: number; stream: number; data: string }>(
    // What the server adds itself has streams of its own.
    'select job, attempt, sequence, stream, data from log_chunks where stream in (1, 2)',
  );
  const stored = new Map(rows.map((row) => [`${row.job}/${row.attempt}/${row.sequence}/${row.stream}`, row.data]));
  const left = new Set(stored.keys());
  const attempts = database.rows<{ job: number; number: number; log_gap: string | null }>(
    'select job, number, log_gap from attempts',
  );
  const gaps = new Map(
    attempts
      .filter((row) => row.log_gap !== null)
      .map((row) => [`${row.job}/${row.number}`, JSON.parse(row.log_gap ?? '') as StoredGap]),
  );
  for (const { attempt, chunks, id } of leases.byId.values()) {
    const { run, job, number, outcome } = attempt;
    if (outcome === 'released') continue;
    const log = `${run.no * 2 ** 20 + job.def.ord}/${number}`;
    const gap = gaps.get(log) ?? null;
    const kept = rows.filter((row) => `${row.job}/${row.attempt}` === log).length;
    if (kept > chunksKept) world.violated('a log keeps within its cap', `${log} has ${kept} chunks`);
    if (gap !== null) {
      world.count('log with a gap');
      // The server's own lines count too, at most one when it asks the worker to stop and one at the end.
      if (kept + gap.chunks > chunks.size + 2) {
        world.violated(
          'a gap counts what was dropped',
          `${log}: ${kept} kept, ${gap.chunks} of ${chunks.size} dropped`,
        );
      }
    }
    for (const [key, chunk] of chunks) {
      const [sequence = '', stream] = key.split('/');
      const name = `${run.no * 2 ** 20 + job.def.ord}/${number}/${sequence}/${stream === 'stdout' ? 1 : 2}`;
      const data = stored.get(name);
      left.delete(name);
      if (data === undefined) {
        // One that came so late that the log had passed it by is lost in the gap as well.
        const isDropped = gap !== null && Number(sequence) <= gap.to.sequence;
        if (chunk.isStored && !isDropped)
          world.violated('an acknowledged chunk is stored', `${run.no}/${job.def.key} ${number} ${key}`);
      } else if (!chunk.texts.has(data)) {
        world.violated(
          'a chunk is stored as it was sent',
          `${id} ${key}: ${data.trim()}, sent was ${[...chunk.texts][0]?.trim()}`,
        );
      }
    }
  }
  for (const name of left) world.violated('a stored chunk was sent under a lease that counts', name);
}
