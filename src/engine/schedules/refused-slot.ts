import { scheduledAtText } from '../../domain/schedule/schedule-inputs.js';
import { noteSlotOutcomes } from '../../store/statements/schedules.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';

/** A time of a schedule. */
export interface SlotKey {
  readonly workflow: number;
  readonly workflowId: string;
  readonly schedule: string;
  readonly atMs: number;
}

/** What is stored of a slot whose run could not start. */
export function refusal({ workflow, workflowId, schedule, atMs }: SlotKey, error: string) {
  const at = scheduledAtText(atMs);
  const entry: AuditDraft = {
    action: 'schedule.skipped',
    subject: workflowId,
    source: 'schedule',
    actor: null,
    data: { schedule, reason: 'refused', error, from: at, to: at },
  };
  return { entry, outcome: { workflow, id: schedule, slot_ms: atMs, outcome: 'refused' as const, run: null, error } };
}

/** Stores the refusal of a large run, whose group refused it when its jobs existed. */
export async function noteRefusedSlot(
  { store, environment, log }: EngineContext,
  slot: SlotKey,
  error: string,
): Promise<void> {
  const { entry, outcome } = refusal(slot, error);
  await store.transact(async (connection, databaseNowMs) => {
    await noteSlotOutcomes.run(connection, { rows: [outcome] });
    await writeAudit(connection, databaseNowMs ?? environment.now(), [entry]);
  });
  logAudit(log, entry);
}
