import type { Children } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { ChildrenFact } from '../../domain/why-facts.js';

export function toWireChildren({ total, open, failed, cancelled }: ChildrenFact): Children {
  return { $typeName: 'workflowgraph.v1.Children', total, open, failed, cancelled };
}
