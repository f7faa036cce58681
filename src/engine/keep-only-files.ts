import { fileWorkflows, setWorkflowRemoved } from '../store/statements/workflows.js';
import { type AuditDraft, logAudit, writeAudit } from './audit.js';
import type { EngineContext } from './context.js';

/**
 * Takes workflows whose files went away out of the list. Their runs and history stay, live runs go on, and a file that
 * comes back brings its workflow back.
 */
export function keepOnlyFilesVerb({ store, environment, log }: EngineContext) {
  return async (ids: readonly string[]): Promise<void> => {
    const present = new Set(ids);
    for (const { id, removed_at_ms } of await fileWorkflows.run(store.read, {})) {
      if (present.has(id) || removed_at_ms !== null) continue;
      const entry: AuditDraft = {
        action: 'workflow.removed',
        subject: id,
        source: 'workflows-folder',
        actor: null,
        data: {},
      };
      await store.transact(async (connection) => {
        await setWorkflowRemoved.run(connection, { id, atMs: environment.now() });
        await writeAudit(connection, environment.now(), [entry]);
      });
      logAudit(log, entry);
      log.info({ workflow: id }, `workflow "${id}" is removed: its file is gone`);
    }
  };
}
