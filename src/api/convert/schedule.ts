import type { Schedule as WireSchedule } from '../../../gen/workflowgraph/v1/schedules_pb.js';
import type { ScheduleView } from '../../engine/engine.js';
import { toOptionalInt64 } from './numbers.js';

export function toWireSchedule(view: ScheduleView): WireSchedule {
  const { schedule, paused } = view;
  return {
    $typeName: 'workflowgraph.v1.Schedule',
    workflow: view.workflowId,
    id: schedule.id,
    cron: schedule.cron,
    timezone: schedule.timezone,
    inputs: { ...schedule.inputs },
    jitterSecs: schedule.jitterMs / 1_000,
    catchUp: schedule.catchUp,
    withinSecs: schedule.withinMs / 1_000,
    overlap: schedule.overlap,
    nextAtMs: toOptionalInt64(view.nextMs),
    nextStartMs: toOptionalInt64(view.nextStartMs),
    lastAtMs: toOptionalInt64(view.lastMs),
    lastOutcome: view.lastOutcome ?? '',
    lastRunId: view.lastRun ?? undefined,
    lastError: view.lastError ?? undefined,
    pausedAtMs: toOptionalInt64(paused?.atMs ?? null),
    pausedBy: paused?.by ?? undefined,
    pauseReason: paused?.reason ?? '',
    explanation: view.explanation,
  };
}
