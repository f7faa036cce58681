import type {
  StreamHeartbeatsRequest,
  StreamHeartbeatsResponse,
  StreamHeartbeatsResponse_LeaseState,
} from '../../gen/workflowgraph/v1/job_service_pb.js';
import { DomainError, type LeaseRefusal } from '../domain/errors.js';
import type { Engine } from '../engine/engine.js';
import { toWireErrorReason } from './convert/states.js';
import { Outbox } from './outbox.js';
import type { Call } from './procedure.js';

/** Renews the leases that each message names; says what became of each, and of the watched ones unasked. */
export async function* streamHeartbeats(
  engine: Engine,
  requests: AsyncIterable<StreamHeartbeatsRequest>,
  { caller, context }: Call,
): AsyncGenerator<StreamHeartbeatsResponse> {
  const outbox = new Outbox<StreamHeartbeatsResponse>(() => ({
    $typeName: 'workflowgraph.v1.StreamHeartbeatsResponse',
    leases: [],
  }));
  const say = (state: StreamHeartbeatsResponse_LeaseState) => outbox.add((draft) => draft.leases.push(state));
  const watch = engine.watchLeases((news) =>
    say(
      news.kind === 'cancelled'
        ? leaseState(news.leaseId, { cancelled: true })
        : leaseState(news.leaseId, { lost: news.reason }),
    ),
  );
  const incoming = requests[Symbol.asyncIterator]();
  const onStop = () => outbox.close();
  context.signal.addEventListener('abort', onStop, { once: true });

  async function renew(leaseId: string): Promise<void> {
    try {
      const { ttlSecs, cancelled } = await engine.heartbeatLease(caller, leaseId);
      watch.add(leaseId);
      say(leaseState(leaseId, { secondsLeft: ttlSecs, cancelled }));
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason === null) throw error;
      watch.remove(leaseId);
      say(leaseState(leaseId, { lost: error.reason }));
    }
  }

  async function readAll(): Promise<void> {
    try {
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
        watch.keepOnly(new Set(next.value.leaseIds));
        await Promise.all(next.value.leaseIds.map(renew));
      }
      outbox.close();
    } catch (error) {
      outbox.fail(error);
    }
  }

  void readAll();
  try {
    yield* outbox.messages();
  } finally {
    context.signal.removeEventListener('abort', onStop);
    watch.stop();
    void incoming.return?.();
  }
}

function leaseState(
  leaseId: string,
  state: { secondsLeft?: number; cancelled?: boolean; lost?: LeaseRefusal },
): StreamHeartbeatsResponse_LeaseState {
  return {
    $typeName: 'workflowgraph.v1.StreamHeartbeatsResponse.LeaseState',
    leaseId,
    secondsLeft: state.secondsLeft ?? 0,
    cancelled: state.cancelled ?? false,
    lost: state.lost === undefined ? undefined : toWireErrorReason(state.lost),
  };
}
