import { deleteAuditUpTo, oldestAudit } from '../../store/statements/audit.js';
import type { Operation } from '../writer/writer.js';
import { runLimits } from './limits.js';

/** Deletes a few old entries; answers whether there may be more. */
export function pruneAuditOperation(): Operation<{ readonly beforeMs: number }, boolean> {
  return {
    name: 'prune-audit',
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answers: boolean[] = [];
      for (const { beforeMs } of inputs) {
        const oldest = await oldestAudit.run(batch.connection, { limit: runLimits.prunedAuditEntries });
        const young = oldest.findIndex(({ at_ms }) => at_ms >= beforeMs);
        const last = oldest.at(young === -1 ? -1 : young - 1);
        if (young !== 0 && last !== undefined) await deleteAuditUpTo.run(batch.connection, { no: last.no });
        answers.push(young === -1 && oldest.length === runLimits.prunedAuditEntries);
      }
      return answers;
    },
  };
}
