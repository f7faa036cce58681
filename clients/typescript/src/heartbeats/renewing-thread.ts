import { Worker as Thread } from 'node:worker_threads';
import { LeaseRenewer } from './lease-renewer.js';
import type { FromHeartbeatThread, HeartbeatSettings, ToHeartbeatThread } from './messages.js';
import { threadFile } from './thread-file.js';

/** Where leases are renewed. */
export interface RenewingThread {
  send(message: ToHeartbeatThread): void;
  stop(): Promise<void>;
}

export interface RenewingThreadCallbacks {
  receive(message: FromHeartbeatThread): void;
  /** The thread ended without `stop`. */
  crashed(error: unknown): void;
}

/** A thread of its own, which renews even while a job blocks this one. */
export function startThread(
  settings: HeartbeatSettings,
  { receive, crashed }: RenewingThreadCallbacks,
): RenewingThread {
  // The thread must not inherit flags of this process, such as those of an inspector or --input-type.
  const thread = new Thread(threadFile(), { workerData: settings, name: 'heartbeats', execArgv: [] });
  thread.on('message', receive);
  thread.on('error', crashed);
  thread.on('exit', () => crashed(new Error('the heartbeat thread ended')));
  return {
    send: (message) => thread.postMessage(message),
    async stop() {
      await thread.terminate();
    },
  };
}

/** This thread. Messages arrive later, as those of another thread do. */
export function useThisThread(settings: HeartbeatSettings, { receive }: RenewingThreadCallbacks): RenewingThread {
  let isStopped = false;
  const renewer = new LeaseRenewer(settings, (message) =>
    queueMicrotask(() => {
      if (!isStopped) receive(message);
    }),
  );
  return {
    send: (message) => renewer.receive(message),
    async stop() {
      isStopped = true;
      renewer.stop();
    },
  };
}
