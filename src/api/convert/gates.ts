import { type Gate, GateKind } from '../../../gen/workflowgraph/v1/gate_service_pb.js';
import type { RunAtGate as WireRunAtGate } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { AtGate, GateView } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';

export function toWireGate({ ofJobs, group, inUse, holders, waiting, waitingTotal }: GateView): Gate {
  return {
    $typeName: 'workflowgraph.v1.Gate',
    kind: ofJobs ? GateKind.JOBS : GateKind.RUNS,
    group,
    inUse,
    holders: holders.map(toWireRunAtGate),
    waiting: waiting.map(toWireRunAtGate),
    waitingTotal,
  };
}

export function toWireRunAtGate({ runId, workflowId, jobKey, sinceMs }: AtGate): WireRunAtGate {
  return {
    $typeName: 'workflowgraph.v1.RunAtGate',
    runId,
    workflow: workflowId,
    sinceMs: toInt64(sinceMs),
    jobId: jobKey ?? '',
  };
}
