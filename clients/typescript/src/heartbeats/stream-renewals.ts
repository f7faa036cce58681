import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type {
  StreamHeartbeatsRequest,
  StreamHeartbeatsResponse,
  StreamHeartbeatsResponse_LeaseState,
} from '../gen/workflowgraph/v1/job_service.js';
import { GrpcChannel } from '../grpc/channel.js';
import { systemCode } from '../grpc/errors.js';
import { reasonName, stopReasonName } from '../grpc/wire-names.js';
import type { LeaseBook, Renewals, WatchedLease } from './lease-book.js';
import { type HeartbeatSettings, monotonicMs } from './messages.js';

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1_000;
const ANSWER_MS_MIN = 500;
const ANSWER_MS_MAX = 10_000;

type Call = ClientDuplexStream<StreamHeartbeatsRequest, StreamHeartbeatsResponse>;

/**
 * Renews all leases over one stream: each message lists all of them. The server also sends cancellations and lost
 * leases on it, without a request.
 */
export class StreamRenewals implements Renewals {
  readonly #book: LeaseBook;
  readonly #settings: HeartbeatSettings;
  readonly #onUnavailable: () => void;
  /** When the messages with a lease were sent: the responses arrive in the same order. */
  readonly #sent = new Map<string, number[]>();
  #channel: GrpcChannel;
  #call: Call | null = null;
  #timer: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout | null = null;
  #retryMs = RETRY_MS_MIN;
  /** When the timer goes off, by `monotonicMs`. */
  #dueMs = 0;
  #isStopped = false;

  /** @param onUnavailable the server has no such stream */
  constructor(book: LeaseBook, settings: HeartbeatSettings, onUnavailable: () => void) {
    this.#book = book;
    this.#settings = settings;
    this.#onUnavailable = onUnavailable;
    this.#channel = new GrpcChannel(settings);
  }

  add(lease: WatchedLease): void {
    // The first lease opens the connection, so its first renewal does not wait for it.
    if (this.#call === null && !this.#isStopped) this.#open();
    this.#sendAt(lease.renewedAtMs + this.#book.intervalMs(lease));
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#call?.cancel();
    this.#channel.close();
  }

  #open(): void {
    const call = this.#channel.jobs.streamHeartbeats(this.#channel.metadata);
    this.#call = call;
    call.on('data', (answer: StreamHeartbeatsResponse) => this.#receive(answer));
    call.on('error', (error: ServiceError) => this.#ended(call, error));
    call.on('end', () => this.#ended(call, null));
  }

  /** Sends a message at that time or earlier. */
  #sendAt(atMs: number): void {
    if (this.#timer !== null && this.#dueMs <= atMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueMs = atMs;
    this.#timer = setTimeout(() => this.#send(), Math.max(1, atMs - monotonicMs()));
  }

  #send(): void {
    this.#timer = null;
    const leases = this.#book.leases;
    if (this.#isStopped || leases.length === 0) return;
    if (this.#call === null) this.#open();
    const nowMs = monotonicMs();
    for (const { leaseId } of leases) {
      const times = this.#sent.get(leaseId) ?? [];
      times.push(nowMs);
      this.#sent.set(leaseId, times);
    }
    this.#call?.write({ lease_ids: leases.map(({ leaseId }) => leaseId) });
    const intervalMs = Math.min(...leases.map((lease) => this.#book.intervalMs(lease)));
    this.#patience ??= setTimeout(
      () => this.#call?.cancel(),
      Math.min(ANSWER_MS_MAX, Math.max(ANSWER_MS_MIN, intervalMs)),
    );
    this.#sendAt(nowMs + intervalMs);
  }

  #receive({ leases }: StreamHeartbeatsResponse): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    this.#retryMs = RETRY_MS_MIN;
    this.#book.back();
    for (const state of leases) this.#take(state);
  }

  #take(state: StreamHeartbeatsResponse_LeaseState): void {
    const { lease_id, seconds_left, cancelled, lost, stop_reason, stop_within_secs } = state;
    const wasAsked = seconds_left > 0 || lost !== undefined;
    const sentAtMs = wasAsked ? this.#sent.get(lease_id)?.shift() : undefined;
    const lease = this.#book.get(lease_id);
    if (lease === null) {
      this.#sent.delete(lease_id);
      return;
    }
    if (lost !== undefined) {
      this.#sent.delete(lease_id);
      this.#book.lost(lease, reasonName(lost), 'the lease is gone');
      return;
    }
    if (sentAtMs !== undefined) this.#book.renewed(lease, sentAtMs, seconds_left * 1000);
    if (cancelled) {
      this.#book.stop(lease, { reason: stopReasonName(stop_reason), withinSecs: stop_within_secs ?? null });
    }
  }

  #ended(call: Call, error: ServiceError | null): void {
    if (call !== this.#call) return;
    this.#call = null;
    this.#sent.clear();
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    if (this.#isStopped) return;
    if (error?.code === status.UNIMPLEMENTED) {
      this.#onUnavailable();
      return;
    }
    if (error !== null) this.#book.away(systemCode(error));
    this.#channel.close();
    this.#channel = new GrpcChannel(this.#settings);
    this.#sendAt(monotonicMs() + this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
  }
}
