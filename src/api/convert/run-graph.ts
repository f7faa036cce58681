import type { GetRunGraphResponse } from '../../../gen/workflowgraph/v1/run_service_pb.js';
import type { RunGraph } from '../../engine/engine.js';

export function toWireRunGraph(graph: RunGraph): GetRunGraphResponse {
  const needsOffsets = [0];
  const needs: number[] = [];
  for (const ordinals of graph.needs) {
    for (const ordinal of ordinals) needs.push(ordinal);
    needsOffsets.push(needs.length);
  }
  const { jobs } = graph;
  return {
    $typeName: 'workflowgraph.v1.GetRunGraphResponse',
    workflow: graph.workflowId,
    version: graph.version,
    name: graph.name,
    trigger: graph.trigger,
    keys: [...graph.keys],
    names: jobs.map(({ name }) => name),
    needsOffsets,
    needs,
    labelSets: graph.labelSets.map((labels) => ({
      $typeName: 'workflowgraph.v1.GetRunGraphResponse.LabelSet',
      labels: [...labels],
    })),
    labelSetIndexes: [...graph.labelSetIndexes],
    conditions: jobs.map(({ condition }) => condition ?? ''),
    maxRetries: jobs.map(({ retry }) => retry.maxRetries),
    timeoutsSecs: jobs.map(({ timeoutSecs }) => BigInt(Math.ceil(timeoutSecs ?? 0))),
    priorities: jobs.map(({ priority }) => priority),
    childrenFrom: graph.childrenFrom.some((ordinal) => ordinal > 0) ? [...graph.childrenFrom] : [],
  };
}
