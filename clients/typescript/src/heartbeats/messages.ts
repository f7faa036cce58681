/** The messages between the heartbeat thread and its owner. */
import type { Drain } from '../drain.js';
import type { Stop } from '../stop.js';

/** The arguments of the thread. */
export interface HeartbeatSettings {
  readonly serverUrl: string;
  readonly authorization: string | null;
  readonly ca: string | null;
  readonly userAgent: string;
  readonly workerId: string;
  /** The renewal interval; a third of each lease's time when null. */
  readonly intervalMs: number | null;
  readonly transport: 'stream' | 'http';
}

export type ToHeartbeatThread =
  | {
      readonly kind: 'watch';
      readonly leaseId: string;
      readonly runId: string;
      readonly jobId: string;
      readonly ttlMs: number;
      /** When the lease was granted, by `monotonicMs`. */
      readonly renewedAtMs: number;
    }
  | { readonly kind: 'forget'; readonly leaseId: string }
  /** The stream is not available. */
  | { readonly kind: 'use-http' };

export type FromHeartbeatThread =
  | { readonly kind: 'lost'; readonly leaseId: string; readonly reason: string | null; readonly message: string }
  | { readonly kind: 'expired'; readonly leaseId: string }
  | { readonly kind: 'stop'; readonly leaseId: string; readonly stop: Stop }
  | { readonly kind: 'unknown-worker' }
  /** The server drains the worker, or its drain was undone: null. */
  | { readonly kind: 'drain'; readonly drain: Drain | null }
  | { readonly kind: 'away'; readonly code: string }
  | { readonly kind: 'back' };

/** A clock that never jumps and is the same in all threads of the process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
