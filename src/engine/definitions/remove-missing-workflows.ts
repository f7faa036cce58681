import { deleteSchedulesOfWorkflow } from '../../store/statements/schedules.js';
import { fileWorkflows, setWorkflowRemoved } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';
import { definitionLimits } from './limits.js';

/**
 * Removes workflows whose files are gone from the list. Their runs and history stay, live runs continue, and a file
 * that returns restores its workflow.
 *
 * Where several servers share the database, each has a folder of its own, which may hold other files, or none yet.
 * There a server removes only workflows whose files it has had since its start; the others belong to other servers.
 */
export function removeMissingWorkflowsVerb({ store, environment, log, brokenFiles }: EngineContext) {
  const had = new Set<string>();
  const told = new Set<string>();

  return async (ids: readonly string[]): Promise<void> => {
    const present = new Set(ids);
    for (const id of ids) had.add(id);
    for (const id of brokenFiles.ids()) if (!present.has(id)) brokenFiles.delete(id);
    const left: string[] = [];
    for (const { id, removed_at_ms } of await fileWorkflows.run(store.read, {})) {
      if (present.has(id) || removed_at_ms !== null) continue;
      if (store.shared !== null && !had.has(id)) {
        if (!told.has(id)) left.push(id);
        continue;
      }
      const entry: AuditDraft = {
        action: 'workflow.removed',
        subject: id,
        source: 'workflows-folder',
        actor: null,
        data: {},
      };
      await store.transact(async (connection, databaseNowMs) => {
        const nowMs = databaseNowMs ?? environment.now();
        await deleteSchedulesOfWorkflow.run(connection, { id });
        await setWorkflowRemoved.run(connection, { id, atMs: nowMs });
        await writeAudit(connection, nowMs, [entry]);
      });
      logAudit(log, entry);
      log.info({ workflow: id }, `workflow "${id}" was removed: its file was deleted`);
    }
    if (left.length === 0) return;
    for (const id of left) told.add(id);
    log.info(
      { workflows: left },
      `kept in the list, since another server may have their files: ${named(left)}. To remove one, put a file with its name ` +
        'into the folder of a running server, and delete it again',
    );
  };
}

function named(ids: readonly string[]): string {
  const first = ids.slice(0, definitionLimits.namedInLog).map((id) => JSON.stringify(id));
  return ids.length > definitionLimits.namedInLog
    ? `${first.join(', ')} and ${ids.length - definitionLimits.namedInLog} more`
    : first.join(', ');
}
