import type { Backfill, CreateBackfillRequest } from '../../../gen/workflowgraph/v1/schedules_pb.js';
import { DomainError } from '../../domain/errors.js';
import { type BackfillOrder, backfillOrders } from '../../domain/schedule/backfill-slots.js';
import type { BackfillView } from '../../engine/engine.js';
import { toInt64, toOptionalInt64 } from './numbers.js';

export function toWireBackfill(view: BackfillView): Backfill {
  return {
    $typeName: 'workflowgraph.v1.Backfill',
    id: view.id,
    workflow: view.workflowId,
    schedule: view.schedule,
    fromMs: toInt64(view.fromMs),
    toMs: toInt64(view.toMs),
    maxLive: view.maxLive,
    order: view.order,
    again: view.again,
    total: view.total,
    handled: view.position,
    started: view.started,
    skipped: view.skipped,
    refused: view.refused,
    lastError: view.lastError ?? undefined,
    live: view.live,
    createdAtMs: toInt64(view.createdAtMs),
    createdBy: view.createdBy ?? undefined,
    endedAtMs: toOptionalInt64(view.endedAtMs),
    cancelled: view.isCancelled,
  };
}

/** Errors: `malformed` for an unknown order. */
export function fromWireBackfillOrder({ order }: CreateBackfillRequest): BackfillOrder {
  if (order === '') return 'oldest';
  const known = backfillOrders.find((one) => one === order);
  if (known === undefined) throw new DomainError('malformed', 'order: it must be "oldest" or "newest"');
  return known;
}
