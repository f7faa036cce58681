import type { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import type { Engine } from '../engine/engine.js';
import { toInt64 } from './convert/numbers.js';
import { pageSize } from './convert/page-size.js';
import type { ServiceHandlers } from './procedure.js';

/** `AuditService` over the engine. */
export function auditService(engine: Engine): ServiceHandlers<typeof AuditService> {
  return {
    listAuditEvents: async ({ limit, pageToken, action, subject }) => {
      const page = await engine.listAudit({ limit: pageSize(limit), pageToken, action, subject });
      return {
        $typeName: 'workflowgraph.v1.ListAuditEventsResponse',
        events: page.events.map(({ atMs, actor, actorId, data, ...event }) => ({
          $typeName: 'workflowgraph.v1.AuditEvent',
          ...event,
          atMs: toInt64(atMs),
          dataJson: data ?? '',
          ...(actor === null ? {} : { actor }),
          ...(actorId === null ? {} : { actorId }),
        })),
        nextPageToken: page.nextPageToken,
      };
    },
  };
}
