import { useQuery } from '@tanstack/react-query';
import { type Gate, GateKind } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { gates } from '../api/transport.js';

/** The polling interval of a group with waiters: places have no stream. */
const refreshMs = 15_000;

/** The groups in use; all of them without a name. */
export function useGates() {
  return useQuery({
    queryKey: ['gates'],
    queryFn: async ({ signal }) => (await gates.listGates({ limit: 200 }, { signal })).gates,
    refetchInterval: refreshMs,
  });
}

/** One group of runs; null if it is unused. */
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
