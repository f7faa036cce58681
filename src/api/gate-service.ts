import type { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import type { Engine } from '../engine/engine.js';
import { toWireGate } from './convert/gates.js';
import type { ServiceHandlers } from './procedure.js';

/** Gates on a page. */
const gatesMax = 200;

/** `GateService` over the engine. */
export function gateService(engine: Engine): ServiceHandlers<typeof GateService> {
  return {
    listGates: async ({ prefix, limit, pageToken }) => {
      const page = await engine.listGates({ prefix, limit: Math.min(limit ?? 100, gatesMax), pageToken });
      return {
        $typeName: 'workflowgraph.v1.ListGatesResponse',
        gates: page.gates.map(toWireGate),
        nextPageToken: page.nextPageToken,
      };
    },
  };
}
