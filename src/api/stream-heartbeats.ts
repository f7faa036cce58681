import type {
  StreamHeartbeatsRequest,
  StreamHeartbeatsResponse,
  StreamHeartbeatsResponse_LeaseState,
} from '../../gen/workflowgraph/v1/job_service_pb.js';
import { DomainError, isLeaseRefusal, type LeaseRefusal } from '../domain/errors.js';
import type { Engine, LeaseRenewal } from '../engine/engine.js';
import { toWireErrorReason, toWireStopReason } from './convert/states.js';
import { endWhenUnread } from './end-when-unread.js';
import { Outbox } from './outbox.js';
import type { Call } from './procedure.js';

/**
 * Renews the leases that each message names; returns their states, and unasked those of the watched ones. The next
 * message is read when there is room for its answer; a worker that reads nothing for a minute is disconnected.
 */
export function streamHeartbeats(
  engine: Engine,
  requests: AsyncIterable<StreamHeartbeatsRequest>,
  call: Call,
): AsyncGenerator<StreamHeartbeatsResponse> {
  return endWhenUnread(converse(engine, requests, call), () => null);
}

async function* converse(
  engine: Engine,
  requests: AsyncIterable<StreamHeartbeatsRequest>,
  { caller, context }: Call,
): AsyncGenerator<StreamHeartbeatsResponse> {
  const outbox = new Outbox<StreamHeartbeatsResponse>(() => ({
    $typeName: 'workflowgraph.v1.StreamHeartbeatsResponse',
    leases: [],
    drain: false,
    drainStop: false,
  }));
  const say = (state: StreamHeartbeatsResponse_LeaseState) => outbox.add((draft) => draft.leases.push(state));
  const watch = engine.watchLeases((news) =>
    say(
      news.kind === 'stop' ? leaseState(news.leaseId, { stop: news }) : leaseState(news.leaseId, { lost: news.reason }),
    ),
  );
  const incoming = requests[Symbol.asyncIterator]();
  const onStop = () => outbox.close();
  context.signal.addEventListener('abort', onStop, { once: true });
  if (context.signal.aborted) onStop();

  async function renew(leaseId: string): Promise<void> {
    try {
      const { ttlSecs, stop, drain } = await engine.heartbeatLease(caller, leaseId);
      watch.add(leaseId);
      outbox.add((draft) => {
        draft.leases.push(leaseState(leaseId, { secondsLeft: ttlSecs, stop }));
        if (drain === null) return;
        draft.drain = true;
        draft.drainStop ||= drain.stop;
      });
    } catch (error) {
      if (!(error instanceof DomainError) || !isLeaseRefusal(error.reason)) throw error;
      watch.remove(leaseId);
      say(leaseState(leaseId, { lost: error.reason }));
    }
  }

  async function readAll(): Promise<void> {
    try {
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
        watch.keepOnly(new Set(next.value.leaseIds));
        await Promise.all(next.value.leaseIds.map(renew));
        await outbox.room();
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
    outbox.close();
    void incoming.return?.();
  }
}

function leaseState(
  leaseId: string,
  state: { secondsLeft?: number; stop?: LeaseRenewal['stop']; lost?: LeaseRefusal },
): StreamHeartbeatsResponse_LeaseState {
  return {
    $typeName: 'workflowgraph.v1.StreamHeartbeatsResponse.LeaseState',
    leaseId,
    secondsLeft: state.secondsLeft ?? 0,
    cancelled: state.stop != null,
    stopReason: state.stop == null ? undefined : toWireStopReason(state.stop.reason),
    stopWithinSecs: state.stop == null ? undefined : state.stop.withinMs / 1000,
    lost: state.lost === undefined ? undefined : toWireErrorReason(state.lost),
  };
}
