import type { JsonObject } from '@bufbuild/protobuf';
import type { Claim, Lease, Outputs, ClaimedJob as WireJob } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { ClaimedJob } from '../../engine/engine.js';
import { toWireBackoff } from './backoff.js';
import { toWireMap } from './maps.js';
import { toInt64, toOptionalInt64 } from './numbers.js';

/** Every worker sets what is in `env`, so that all of them hand the trace on. A definition's own value wins. */
const traceVariable = 'TRACEPARENT';

export function toWireClaim(claimed: ClaimedJob): Claim {
  return { $typeName: 'workflowgraph.v1.Claim', job: toWireJob(claimed), lease: toWireLease(claimed) };
}

function toWireJob(claimed: ClaimedJob): WireJob {
  const { spec } = claimed;
  return {
    $typeName: 'workflowgraph.v1.ClaimedJob',
    jobId: claimed.jobKey,
    workflowId: claimed.runId,
    command: spec.command,
    requiredLabels: [...spec.labels],
    retryPolicy: {
      $typeName: 'workflowgraph.v1.RetryPolicy',
      maxRetries: spec.retry.maxRetries,
      backoff: toWireBackoff(spec.retry.backoff),
    },
    attempt: claimed.attempt,
    upstreamOutputs: toWireMap(claimed.upstreamOutputs, toWireOutputs),
    enqueuedAtMs: toInt64(claimed.enqueuedAtMs),
    delayedUntilMs: toOptionalInt64(claimed.delayedUntilMs),
    workflow: claimed.workflowId,
    name: spec.name,
    timeoutSecs: toOptionalInt64(spec.timeoutSecs),
    env: claimed.traceparent === null ? spec.env : { [traceVariable]: claimed.traceparent, ...spec.env },
    steps: spec.steps.map(({ id, name, run, env }) => ({
      $typeName: 'workflowgraph.v1.Step',
      id,
      name,
      run,
      env,
    })),
    inputs: toWireMap(claimed.inputs),
    priority: spec.priority,
    metadata: toWireStruct(spec.metadata),
  };
}

function toWireLease(claimed: ClaimedJob): Lease {
  return {
    $typeName: 'workflowgraph.v1.Lease',
    leaseId: claimed.leaseId,
    jobId: claimed.jobKey,
    workflowId: claimed.runId,
    workerId: claimed.workerId,
    ttlSecs: toInt64(claimed.ttlSecs),
    grantedAtMs: toInt64(claimed.grantedAtMs),
  };
}

function toWireOutputs(outputs: ReadonlyMap<string, string>): Outputs {
  return { $typeName: 'workflowgraph.v1.Outputs', values: toWireMap(outputs) };
}

/** The same object: the wire's type only lacks `readonly`, and nobody writes to it. */
export function toWireStruct(object: { readonly [key: string]: unknown } | null): JsonObject | undefined {
  return object === null ? undefined : (object as JsonObject);
}
