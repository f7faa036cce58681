import type { Pause } from '../../../gen/workflowgraph/v1/pause_service_pb.js';
import { PauseKind } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { PauseView } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';

export const wirePauseKinds = {
  workflow: PauseKind.WORKFLOW,
  run: PauseKind.RUN,
  label: PauseKind.LABEL,
} as const satisfies Record<PauseView['kind'], PauseKind>;

export function toWirePause({ kind, subject, reason, atMs, by }: PauseView): Pause {
  return {
    $typeName: 'workflowgraph.v1.Pause',
    kind: wirePauseKinds[kind],
    subject,
    reason,
    pausedAtMs: toInt64(atMs),
    ...(by === null ? {} : { pausedBy: by }),
  };
}
