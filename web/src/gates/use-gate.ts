import { useQuery } from '@tanstack/react-query';
import { type Gate, GateKind } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { gates } from '../api/transport.js';

/** How often somebody who waits in a group is looked at: places have no stream. */
const refreshMs = 15_000;

/** The groups in use; of all when no name is given. */
export function useGates() {
  return useQuery({
    queryKey: ['gates'],
    queryFn: async ({ signal }) => (await gates.listGates({ limit: 200 }, { signal })).gates,
    refetchInterval: refreshMs,
  });
}

/** One group of runs; null when nobody is in it. */
export function useGate(group: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['gate', group],
    queryFn: async ({ signal }): Promise<Gate | null> => {
      const { gates: found } = await gates.listGates({ prefix: group, limit: 200 }, { signal });
      return found.find((gate) => gate.group === group && gate.kind === GateKind.RUNS) ?? null;
    },
    enabled: isWanted,
    refetchInterval: refreshMs,
  });
}
