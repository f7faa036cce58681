import { useEffect, useSyncExternalStore } from 'react';
import type { Event, Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { Hub, type Tab } from './hub.js';
import { type Connection, type FromHub, type Interest, nothing, type ToHub } from './messages.js';
import { hubServer } from './watch.js';
import { workerAddress } from './worker-address.js';

export interface RunsListener {
  readonly onRuns: (runs: readonly Run[], lastEvent: bigint) => void;
}

export interface EventsListener {
  readonly runId: string;
  /** The number of the last event that the listener holds. */
  readonly after: () => bigint;
  readonly onEvents: (events: readonly Event[]) => void;
}

/** This tab's connection to the owner of the streams, and what its pages watch. */
class Live {
  readonly #lists = new Map<RunsListener, bigint>();
  readonly #runs = new Set<EventsListener>();
  readonly #connectionListeners = new Set<() => void>();
  #send: ((message: ToHub) => void) | null = null;
  #connection: Connection = { kind: 'live' };

  readonly subscribeConnection = (listener: () => void): (() => void) => {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  };

  readonly connection = (): Connection => this.#connection;

  watchRuns(after: bigint, listener: RunsListener): () => void {
    this.#lists.set(listener, after);
    this.#look();
    return () => {
      this.#lists.delete(listener);
      this.#look();
    };
  }

  watchEvents(listener: EventsListener): () => void {
    this.#runs.add(listener);
    this.#look();
    return () => {
      this.#runs.delete(listener);
      this.#look();
    };
  }

  retry(): void {
    this.#send?.({ type: 'retry' });
  }

  #look(): void {
    this.#send ??= this.#connect();
    this.#send({ type: 'look', interest: this.#interest() });
  }

  #interest(): Interest {
    const lists = [...this.#lists.values()].reduce<bigint | null>((a, b) => (a === null || b < a ? b : a), null);
    const runs = [...this.#runs].map(({ runId, after }) => ({ id: runId, after: after() }));
    return document.visibilityState === 'hidden' && this.#isHiddenForLong ? nothing : { lists, runs };
  }

  #isHiddenForLong = false;

  #connect(): (message: ToHub) => void {
    const send = typeof SharedWorker === 'undefined' ? this.#connectHere() : this.#connectShared();
    addEventListener('pagehide', () => send({ type: 'leave' }));
    addEventListener('pageshow', ({ persisted }) => persisted && this.#look());
    let timer: ReturnType<typeof setTimeout> | undefined;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') {
        timer = setTimeout(() => this.#hidden(true), 30_000);
      } else if (this.#isHiddenForLong) this.#hidden(false);
    });
    return send;
  }

  /** A hidden tab closes its streams; when it is shown again it resumes from its last events. */
  #hidden(hidden: boolean): void {
    this.#isHiddenForLong = hidden;
    this.#look();
  }

  #connectShared(): (message: ToHub) => void {
    const worker = new SharedWorker(workerAddress(), { type: 'module', name: 'workflow-graph' });
    let send = (message: ToHub): void => worker.port.postMessage(message);
    worker.port.onmessage = ({ data }: MessageEvent<FromHub>) => this.#receive(data);
    // Its script could not be fetched: the server went down after it had served the page. The browser does not retry.
    worker.onerror = () => {
      worker.port.close();
      send = this.#connectHere();
      this.#look();
    };
    return (message) => send(message);
  }

  /** Without a shared worker the tab holds its own streams. */
  #connectHere(): (message: ToHub) => void {
    const hub = new Hub(hubServer);
    const tab: Tab = { send: (message) => this.#receive(message) };
    hub.join(tab);
    return (message) => hub.receive(tab, message);
  }

  #receive(message: FromHub): void {
    if (message.type === 'connection') {
      this.#connection = message.connection;
      for (const listener of this.#connectionListeners) listener();
    } else if (message.type === 'runs') {
      for (const listener of this.#lists.keys()) {
        this.#lists.set(listener, message.lastEvent);
        listener.onRuns(message.runs, message.lastEvent);
      }
    } else {
      for (const { runId, onEvents } of this.#runs) {
        const own = message.events.filter((event) => event.runId === runId);
        if (own.length > 0) onEvents(own);
      }
    }
  }
}

export const live = new Live();

export function useConnection(): Connection {
  return useSyncExternalStore(live.subscribeConnection, live.connection);
}

/** Calls back with each run that changes after an answer's last event. */
export function useChangedRuns(after: bigint | undefined, onRuns: (runs: readonly Run[]) => void): void {
  useEffect(() => {
    if (after === undefined) return;
    return live.watchRuns(after, { onRuns });
  }, [after, onRuns]);
}
