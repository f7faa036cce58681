import { DomainError, notFound } from '../../domain/errors.js';
import { deleteSchedulesOfWorkflow } from '../../store/statements/schedules.js';
import { currentVersion, setWorkflowRemoved } from '../../store/statements/workflows.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';

/**
 * Removes a workflow that a call created from the list. Its runs continue and stay until they are pruned; the
 * definition is deleted with the last of them.
 */
export function removeWorkflowVerb({ store, environment, log }: EngineContext) {
  /** Errors: `not_found`; `conflict` for a workflow that comes from a file, which would restore it. */
  return async (caller: Caller, id: string): Promise<void> => {
    const entry: AuditDraft = {
      action: 'workflow.removed',
      subject: id,
      source: 'api',
      actor: caller.credential,
      data: {},
    };
    const isRemoved = await store.transact(async (connection, databaseNowMs) => {
      const [workflow] = await currentVersion.run(connection, { id });
      if (workflow === undefined) throw notFound(`workflow ${JSON.stringify(id)}`);
      if (workflow.source === 'file') {
        if (workflow.removed_at_ms !== null) return false;
        throw new DomainError(
          'conflict',
          `workflow ${JSON.stringify(id)} comes from a file of the workflows folder; delete the file to remove it`,
        );
      }
      if (workflow.removed_at_ms !== null) return false;
      const nowMs = databaseNowMs ?? environment.now();
      await deleteSchedulesOfWorkflow.run(connection, { id });
      await setWorkflowRemoved.run(connection, { id, atMs: nowMs });
      await writeAudit(connection, nowMs, [entry]);
      return true;
    });
    if (isRemoved) logAudit(log, entry);
  };
}
