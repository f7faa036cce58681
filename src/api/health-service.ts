import { setTimeout as pause } from 'node:timers/promises';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import {
  type Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import type { Readiness } from './readiness.js';

/** Polling interval of a watch. */
const watchMs = 1_000;

/**
 * The gRPC health checking protocol, for load balancers and `grpc-health-probe`. It is public, like `/readyz`: it shows
 * only whether the server serves calls.
 */
export function healthService(readiness: Readiness, services: ReadonlySet<string>): ServiceImpl<typeof Health> {
  async function status(): Promise<ServingStatus> {
    return (await readiness.check()).ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
  const isKnown = (service: string) => service === '' || services.has(service);

  return {
    check: async ({ service }) => {
      if (!isKnown(service)) throw new ConnectError(`there is no service ${JSON.stringify(service)}`, Code.NotFound);
      return answer(await status());
    },

    watch: async function* ({ service }, { signal }) {
      let told: ServingStatus | null = null;
      while (!signal.aborted) {
        const now = isKnown(service) ? await status() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== told) yield answer(now);
        told = now;
        await pause(watchMs, null, { signal }).catch(() => null);
      }
    },
  };
}

function answer(status: ServingStatus): HealthCheckResponse {
  return { $typeName: 'grpc.health.v1.HealthCheckResponse', status };
}
