import { fileWorkflows, setWorkflowRemoved } from '../store/statements/workflows.js';
import { type AuditDraft, logAudit, writeAudit } from './audit.js';
import type { EngineContext } from './context.js';

/**
 * Takes workflows whose files went away out of the list. Their runs and history stay, live runs go on, and a file that
 * comes back brings its workflow back.
 *
 * Where several servers share the database each has a folder of its own, which may hold other files, or none yet. There
 * only a file that this server has had since its start can go away; what it never had is another's, and is left.
 */
export function keepOnlyFilesVerb({ store, environment, log }: EngineContext) {
  const had = new Set<string>();
  const told = new Set<string>();

  return async (ids: readonly string[]): Promise<void> => {
    const present = new Set(ids);
    for (const id of ids) had.add(id);
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
        await setWorkflowRemoved.run(connection, { id, atMs: nowMs });
        await writeAudit(connection, nowMs, [entry]);
      });
      logAudit(log, entry);
      log.info({ workflow: id }, `workflow "${id}" is removed: its file is gone`);
    }
    if (left.length === 0) return;
    for (const id of left) told.add(id);
    log.info(
      { workflows: left },
      `left in the list, since another server may have their files: ${named(left)}. To remove one, put a file of its name ` +
        'into the folder of a running server, and take it away again',
    );
  };
}

/** How many workflows the line names; its field has them all. */
const namedMax = 10;

function named(ids: readonly string[]): string {
  const first = ids.slice(0, namedMax).map((id) => JSON.stringify(id));
  return ids.length > namedMax ? `${first.join(', ')} and ${ids.length - namedMax} more` : first.join(', ');
}
