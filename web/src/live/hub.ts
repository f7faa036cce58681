import { Code, ConnectError } from '@connectrpc/connect';
import type { WatchRunsResponse } from '../../gen/workflowgraph/v1/runs_pb.js';
import { Channel } from './channel.js';
import { type Connection, type FromHub, type Interest, nothing, type ToHub } from './messages.js';

/** The streams that the hub requests from the server. */
export interface HubServer {
  /** Every change of some runs, or of every run when none is named, after an event. */
  watchJobs(ids: readonly string[], afterEvent: bigint, signal: AbortSignal): AsyncIterable<WatchRunsResponse>;
  /** Every run that changed after an event, in its current state. */
  watchLists(afterEvent: bigint, signal: AbortSignal): AsyncIterable<WatchRunsResponse>;
}

/** A tab, as seen by the hub. */
export interface Tab {
  send(message: FromHub): void;
}

/** Tabs that open pages in quick succession change a stream once. */
const settleMs = 100;

/** Beyond the server's limit of run ids the hub watches all runs. */
const maxIds = 64;

type Kind = 'jobs' | 'lists';

/**
 * Holds the streams for all tabs of a browser: one with the changes of the runs whose jobs a tab shows, and one with the rows
 * of the lists while a tab shows a list. A browser opens six connections to a server for all its tabs together, so a stream for
 * each tab would leave none for the seventh.
 *
 * A stream begins at the earliest event that a tab still lacks. So a tab may get an event twice, and leaves out those up to the
 * number that it holds.
 */
export class Hub {
  readonly #server: HubServer;
  readonly #tabs = new Map<Tab, Interest>();
  readonly #channels = new Map<Kind, { readonly channel: Channel; readonly ids: string }>();
  readonly #states = new Map<Kind, Connection>();
  #connection: Connection = { kind: 'live' };
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(server: HubServer) {
    this.#server = server;
  }

  join(tab: Tab): void {
    this.#tabs.set(tab, nothing);
  }

  receive(tab: Tab, message: ToHub): void {
    if (message.type === 'leave') this.#tabs.delete(tab);
    if (message.type === 'look') {
      this.#tabs.set(tab, message.interest);
      tab.send({ type: 'connection', connection: this.#connection });
    }
    if (message.type === 'retry') this.#retry();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), settleMs);
  }

  #retry(): void {
    for (const [kind, { channel }] of this.#channels) {
      if (this.#states.get(kind)?.kind === 'signed-out') this.#hangUp(kind);
      else channel.retry();
    }
  }

  #settle(): void {
    const interests = [...this.#tabs.values()];
    const runs = interests.flatMap((interest) => interest.runs);
    const ids = [...new Set(runs.map(({ id }) => id))].sort();
    this.#hold('lists', smallest(interests.flatMap(({ lists }) => (lists === null ? [] : [lists]))), []);
    this.#hold('jobs', smallest(runs.map(({ after }) => after)), ids.length > maxIds ? [] : ids);
  }

  /** Opens, keeps or closes a stream, as the tabs currently require. */
  #hold(kind: Kind, first: bigint | null, ids: readonly string[]): void {
    const held = this.#channels.get(kind);
    const wanted = ids.join();
    // A tab that is behind the stream needs the events in between.
    if (first !== null && held?.ids === wanted && first >= held.channel.after) return;
    this.#hangUp(kind);
    if (first === null) return;
    let named = ids;
    const channel = new Channel(first, {
      open: (after, signal) =>
        kind === 'lists' ? this.#server.watchLists(after, signal) : this.#server.watchJobs(named, after, signal),
      onMessage: (message) => this.#pass(kind, message),
      onConnection: (connection) => this.#note(kind, connection),
      onError: (error) => {
        // One of the runs was deleted. The others are watched as part of all runs.
        if (ConnectError.from(error).code === Code.NotFound) named = [];
      },
    });
    this.#channels.set(kind, { channel, ids: wanted });
  }

  #pass(kind: Kind, { events, runs, lastEvent }: WatchRunsResponse): void {
    for (const [tab, interest] of this.#tabs) {
      if (kind === 'lists' && interest.lists !== null) {
        if (runs.length > 0) tab.send({ type: 'runs', runs, lastEvent });
        this.#tabs.set(tab, { ...interest, lists: larger(interest.lists, lastEvent) });
      }
      if (kind === 'jobs' && interest.runs.length > 0) {
        const own = events.filter((event) => interest.runs.some(({ id }) => id === event.runId));
        if (own.length > 0) tab.send({ type: 'events', events: own, lastEvent });
        const moved = interest.runs.map(({ id, after }) => ({ id, after: larger(after, lastEvent) }));
        this.#tabs.set(tab, { ...interest, runs: moved });
      }
    }
  }

  #note(kind: Kind, connection: Connection): void {
    this.#states.set(kind, connection);
    this.#tell();
  }

  /** The tabs show the worst state of the streams. */
  #tell(): void {
    const states = [...this.#states.values()];
    const connection =
      states.find((state) => state.kind === 'signed-out') ??
      states.find((state) => state.kind === 'lost') ??
      ({ kind: 'live' } as const);
    if (connection.kind === this.#connection.kind) return;
    this.#connection = connection;
    for (const tab of this.#tabs.keys()) tab.send({ type: 'connection', connection });
  }

  #hangUp(kind: Kind): void {
    this.#channels.get(kind)?.channel.end();
    this.#channels.delete(kind);
    this.#states.delete(kind);
    this.#tell();
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smallest(numbers: readonly bigint[]): bigint | null {
  return numbers.reduce<bigint | null>((least, n) => (least === null || n < least ? n : least), null);
}
