import type { JsonObject } from '@bufbuild/protobuf';
import type {
  Claim,
  Lease,
  NeedResult,
  Outputs,
  ClaimedJob as WireJob,
} from '../../../gen/workflowgraph/v1/types_pb.js';
import type { ClaimedJob, EndedNeed } from '../../engine/engine.js';
import { toWireBackoff } from './backoff.js';
import { toWireMap } from './maps.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { toWireJobStatus } from './states.js';

/** Every worker sets the variables of `env`, so all of them pass the trace on. A definition's own value wins. */
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
    // Existing workers read a number and no null.
    delayedUntilMs: toInt64(claimed.delayedUntilMs ?? 0),
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
    needs: toWireMap(claimed.needs, toWireNeed),
    group: claimed.child?.group,
    index: claimed.child?.index,
    matrixJson: claimed.child?.matrix,
  };
}

function toWireNeed({ result, isTolerated, error, attempt, durationMs }: EndedNeed): NeedResult {
  return {
    $typeName: 'workflowgraph.v1.NeedResult',
    result: toWireJobStatus(result),
    tolerated: isTolerated,
    error: error ?? undefined,
    attempt,
    durationSecs: durationMs === null ? undefined : BigInt(Math.floor(durationMs / 1000)),
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
    stopGraceSecs: claimed.stopGraceSecs,
  };
}

function toWireOutputs(outputs: ReadonlyMap<string, string>): Outputs {
  return { $typeName: 'workflowgraph.v1.Outputs', values: toWireMap(outputs) };
}

/** The same object: the wire's type only lacks `readonly`, and nothing writes to it. */
export function toWireStruct(object: { readonly [key: string]: unknown } | null): JsonObject | undefined {
  return object === null ? undefined : (object as JsonObject);
}
