import { DefinitionFormat, type DefinitionVersion } from '../../../gen/workflowgraph/v1/definition_service_pb.js';
import type { DefinitionVersionView } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';
import { workflowSources } from './workflow-summary.js';

const formats = { yaml: DefinitionFormat.YAML, json: DefinitionFormat.JSON };

export function toWireVersion(view: DefinitionVersionView): DefinitionVersion {
  const { workflowId, number, name, jobs, source, file, format, bytes, createdAtMs, createdBy } = view;
  return {
    $typeName: 'workflowgraph.v1.DefinitionVersion',
    workflow: workflowId,
    number,
    name,
    jobs,
    source: workflowSources[source],
    ...(file === null ? {} : { file }),
    ...(format === null ? {} : { format: formats[format] }),
    ...(bytes === null ? {} : { bytes }),
    createdAtMs: toInt64(createdAtMs),
    ...(createdBy === null ? {} : { createdBy }),
  };
}
