import type {
  GetWorkflowInputsResponse,
  InputDeclaration as WireInput,
} from '../../../gen/workflowgraph/v1/inputs_pb.js';
import { InputType as WireType } from '../../../gen/workflowgraph/v1/inputs_pb.js';
import type { InputDeclaration, InputType } from '../../domain/inputs/declaration.js';
import type { WorkflowInputs } from '../../engine/engine.js';

const types: Readonly<Record<InputType, WireType>> = {
  string: WireType.STRING,
  boolean: WireType.BOOLEAN,
  number: WireType.NUMBER,
  choice: WireType.CHOICE,
  json: WireType.JSON,
};

export function toWireInputs({ workflowId, declarations }: WorkflowInputs): GetWorkflowInputsResponse {
  return {
    $typeName: 'workflowgraph.v1.GetWorkflowInputsResponse',
    workflow: workflowId,
    declared: declarations !== null,
    inputs: (declarations ?? []).map(toWireInput),
  };
}

function toWireInput(declaration: InputDeclaration): WireInput {
  return {
    $typeName: 'workflowgraph.v1.InputDeclaration',
    name: declaration.name,
    type: types[declaration.type],
    description: declaration.description ?? undefined,
    // A form need not ask for what the server evaluates.
    required: declaration.required && declaration.defaultExpression === undefined,
    default: declaration.default ?? undefined,
    defaultExpression: declaration.defaultExpression,
    options: [...(declaration.options ?? [])],
    min: declaration.min ?? undefined,
    max: declaration.max ?? undefined,
    integer: declaration.integer,
    maxLength: declaration.maxLength ?? undefined,
  };
}
