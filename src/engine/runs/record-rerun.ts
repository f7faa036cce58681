import { ordinalRanges } from '../../domain/rerun.js';
import { insertRerun } from '../../store/statements/reruns.js';
import type { Batch } from '../writer/batch.js';
import { keysOf } from './keys-of-ordinals.js';
import { runLimits } from './limits.js';
import type { WantedRerun } from './wanted-rerun.js';

/** Records who requested what, before any consequence of it. */
export async function recordRerun(
  batch: Batch,
  { run, chosen, by, hash }: WantedRerun,
  generation: number,
  resets: readonly number[],
): Promise<void> {
  const named = resets.filter((ordinal) => chosen.has(ordinal));
  const keys = await keysOf(batch.connection, run, named.slice(0, runLimits.namedInEvent));
  await insertRerun.run(batch.connection, {
    run: run.no,
    generation,
    nowMs: batch.nowMs,
    by,
    hash,
    chosen: JSON.stringify(ordinalRanges(named)),
    following: JSON.stringify(ordinalRanges(resets.filter((ordinal) => !chosen.has(ordinal)))),
  });
  const data = { generation, by, jobs: resets.length, chosen: [...keys.values()] };
  batch.changes.event('run.rerun', { run: run.no, data });
  batch.changes.audits.push({
    action: 'run.rerun',
    subject: run.id,
    source: 'api',
    actor: by,
    data: { workflow: run.workflow_id, generation, jobs: resets.length },
  });
}
