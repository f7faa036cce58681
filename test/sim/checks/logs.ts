import type { Simulation } from '../simulation.js';

/** Every chunk that was acknowledged is stored, under the attempt that sent it, and nothing that nobody sent. */
export function checkLogs(simulation: Simulation): void {
  const { world, database, leases } = simulation;
  const rows = database.rows<{ job: number; attempt: number; sequence: number; stream: number; data: string }>(
    'select job, attempt, sequence, stream, data from log_chunks',
  );
  const stored = new Map(rows.map((row) => [`${row.job}/${row.attempt}/${row.sequence}/${row.stream}`, row.data]));
  const left = new Set(stored.keys());
  for (const { attempt, chunks, id } of leases.byId.values()) {
    const { run, job, number, outcome } = attempt;
    if (outcome === 'released') continue;
    for (const [key, chunk] of chunks) {
      const [sequence = '', stream] = key.split('/');
      const name = `${run.no * 2 ** 20 + job.def.ord}/${number}/${sequence}/${stream === 'stdout' ? 1 : 2}`;
      const data = stored.get(name);
      left.delete(name);
      if (data === undefined) {
        if (chunk.isStored)
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
