import type { Variable, VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import type { Engine, VariableView } from '../engine/engine.js';
import { toInt64 } from './convert/numbers.js';
import { pageSize } from './convert/page-size.js';
import type { ServiceHandlers } from './procedure.js';

/** `VariableService` over the engine. */
export function variableService(engine: Engine): ServiceHandlers<typeof VariableService> {
  return {
    setVariable: async ({ name, value, workflow }, { caller }) => {
      await engine.setVariable({ caller, name, workflow, value: value ?? '' });
      const variable = toWire(await engine.variable({ name, workflow }));
      return { $typeName: 'workflowgraph.v1.SetVariableResponse', variable };
    },
    deleteVariable: async ({ name, workflow }, { caller }) => {
      await engine.deleteVariable({ caller, name, workflow });
      return { $typeName: 'workflowgraph.v1.DeleteVariableResponse' };
    },
    getVariable: async ({ name, workflow }) => {
      const variable = toWire(await engine.variable({ name, workflow }));
      return { $typeName: 'workflowgraph.v1.GetVariableResponse', variable };
    },
    listVariables: async ({ workflow, limit, pageToken }) => {
      const page = await engine.listVariables({ workflow, limit: pageSize(limit), pageToken });
      return {
        $typeName: 'workflowgraph.v1.ListVariablesResponse',
        variables: page.variables.map(toWire),
        nextPageToken: page.nextPageToken,
      };
    },
  };
}

function toWire({ name, workflow, value, changedAtMs, changedBy }: VariableView): Variable {
  return {
    $typeName: 'workflowgraph.v1.Variable',
    name,
    workflow,
    value,
    changedAtMs: toInt64(changedAtMs),
    ...(changedBy === null ? {} : { changedBy }),
  };
}
