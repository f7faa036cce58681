import type { Backoff as WireBackoff } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { Backoff } from '../../domain/retry.js';
import { toInt64 } from './numbers.js';

export function toWireBackoff(backoff: Backoff): WireBackoff {
  return { $typeName: 'workflowgraph.v1.Backoff', kind: toWireKind(backoff) };
}

function toWireKind(backoff: Backoff): WireBackoff['kind'] {
  switch (backoff.kind) {
    case 'none':
      return { case: 'none', value: { $typeName: 'workflowgraph.v1.Backoff.None' } };
    case 'fixed':
      return {
        case: 'fixed',
        value: { $typeName: 'workflowgraph.v1.Backoff.Fixed', delaySecs: toInt64(backoff.delaySecs) },
      };
    case 'exponential':
      return {
        case: 'exponential',
        value: {
          $typeName: 'workflowgraph.v1.Backoff.Exponential',
          baseSecs: toInt64(backoff.baseSecs),
          maxSecs: toInt64(backoff.maxSecs),
          jitter: backoff.jitter ? true : undefined,
        },
      };
  }
}
