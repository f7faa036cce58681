import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it, vi } from 'vitest';
import {
  EventSchema,
  RunSchema,
  type WatchRunsResponse,
  WatchRunsResponseSchema,
} from '../gen/workflowgraph/v1/runs_pb.js';
import { reconnectDelayMs } from '../src/live/backoff.js';
import { Hub, type HubServer } from '../src/live/hub.js';
import type { FromHub } from '../src/live/messages.js';

/** A server's end of the streams that a hub opens: each is answered by hand. */
class Streams implements HubServer {
  readonly opened: {
    of: 'lists' | readonly string[];
    after: bigint;
    signal: AbortSignal;
    send: (message: WatchRunsResponse | Error) => void;
  }[] = [];

  watchJobs(ids: readonly string[], after: bigint, signal: AbortSignal): AsyncIterable<WatchRunsResponse> {
    return this.#open(ids, after, signal);
  }

  watchLists(after: bigint, signal: AbortSignal): AsyncIterable<WatchRunsResponse> {
    return this.#open('lists', after, signal);
  }

  #open(of: 'lists' | readonly string[], after: bigint, signal: AbortSignal): AsyncIterable<WatchRunsResponse> {
    const messages: (WatchRunsResponse | Error)[] = [];
    let wake = () => {};
    const send = (message: WatchRunsResponse | Error) => {
      messages.push(message);
      wake();
    };
    signal.addEventListener('abort', () => send(new ConnectError('aborted', Code.Canceled)));
    this.opened.push({ of, after, signal, send });
    return (async function* () {
      for (;;) {
        const next = messages.shift();
        if (next instanceof Error) throw next;
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    })();
  }

  /** The streams that nobody has hung up. */
  get open() {
    return this.opened.filter(({ signal }) => !signal.aborted);
  }
}

function tab() {
  const received: FromHub[] = [];
  const events = () =>
    received.flatMap((message) => (message.type === 'events' ? message.events.map(({ number }) => number) : []));
  return { received, events, send: (message: FromHub) => received.push(message) };
}

function events(runId: string, ...numbers: number[]): WatchRunsResponse {
  const list = numbers.map((number) =>
    create(EventSchema, { number: BigInt(number), runId, jobId: 'a', type: 'job.running' }),
  );
  return create(WatchRunsResponseSchema, { events: list, lastEvent: BigInt(numbers.at(-1) ?? 0) });
}

function looking(...runs: [id: string, after: number][]) {
  return {
    type: 'look' as const,
    interest: { lists: null, runs: runs.map(([id, after]) => ({ id, after: BigInt(after) })) },
  };
}

describe('the hub of a browser', () => {
  it('opens one stream for the runs of all tabs, from the earliest event that one lacks', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const [a, b] = [tab(), tab()];
    hub.join(a);
    hub.join(b);
    hub.receive(a, looking(['r1', 7]));
    hub.receive(b, looking(['r2', 5]));
    await vi.waitFor(() => expect(streams.open).toHaveLength(1));
    expect(streams.open[0]).toMatchObject({ of: ['r1', 'r2'], after: 5n });
    streams.open[0]?.send(events('r2', 6));
    streams.open[0]?.send(events('r1', 8));
    await vi.waitFor(() => expect(a.events()).toEqual([8n]));
    expect(b.events()).toEqual([6n]);
    hub.receive(a, { type: 'leave' });
    hub.receive(b, { type: 'leave' });
    await vi.waitFor(() => expect(streams.open).toHaveLength(0));
  });

  it('keeps the stream when a tab that holds all that it brought looks at the same run', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const [a, b] = [tab(), tab()];
    hub.join(a);
    hub.receive(a, looking(['r1', 7]));
    await vi.waitFor(() => expect(streams.open).toHaveLength(1));
    streams.open[0]?.send(events('r1', 8, 9));
    await vi.waitFor(() => expect(a.events()).toEqual([8n, 9n]));
    hub.join(b);
    hub.receive(b, looking(['r1', 9]));
    streams.open[0]?.send(events('r1', 10));
    await vi.waitFor(() => expect(b.events()).toEqual([10n]));
    expect(streams.opened).toHaveLength(1);
  });

  it('resumes after the last event when the connection breaks, and says so meanwhile', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const a = tab();
    hub.join(a);
    hub.receive(a, looking(['r1', 7]));
    await vi.waitFor(() => expect(streams.opened).toHaveLength(1));
    streams.opened[0]?.send(events('r1', 8));
    await vi.waitFor(() => expect(a.events()).toEqual([8n]));
    streams.opened[0]?.send(new ConnectError('gone', Code.Unavailable));
    await vi.waitFor(() =>
      expect(a.received.at(-1)).toMatchObject({ type: 'connection', connection: { kind: 'lost' } }),
    );
    hub.receive(a, { type: 'retry' });
    await vi.waitFor(() => expect(streams.opened).toHaveLength(2));
    expect(streams.opened[1]?.after).toBe(8n);
    streams.opened[1]?.send(events('r1', 9));
    await vi.waitFor(() => expect(a.events()).toEqual([8n, 9n]));
    expect(a.received).toContainEqual({ type: 'connection', connection: { kind: 'live' } });
    hub.receive(a, { type: 'leave' });
  });

  it('stops asking when the server wants a sign-in', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const a = tab();
    hub.join(a);
    hub.receive(a, looking(['r1', 7]));
    await vi.waitFor(() => expect(streams.opened).toHaveLength(1));
    streams.opened[0]?.send(new ConnectError('no token', Code.Unauthenticated));
    await vi.waitFor(() => expect(a.received.at(-1)).toMatchObject({ connection: { kind: 'signed-out' } }));
    expect(streams.opened).toHaveLength(1);
  });

  it('names the runs that tabs look at now, and resumes where the stream was', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const [a, b] = [tab(), tab()];
    hub.join(a);
    hub.receive(a, looking(['r1', 7]));
    await vi.waitFor(() => expect(streams.opened).toHaveLength(1));
    streams.opened[0]?.send(events('r1', 9));
    await vi.waitFor(() => expect(a.events()).toEqual([9n]));
    hub.join(b);
    hub.receive(b, looking(['r2', 12]));
    await vi.waitFor(() => expect(streams.opened).toHaveLength(2));
    expect(streams.open).toEqual([expect.objectContaining({ of: ['r1', 'r2'], after: 9n })]);
    hub.receive(a, { type: 'leave' });
    await vi.waitFor(() => expect(streams.open[0]?.of).toEqual(['r2']));
    hub.receive(b, looking(...Array.from({ length: 65 }, (_, n): [string, number] => [`r${n}`, 20])));
    await vi.waitFor(() => expect(streams.open[0]?.of).toEqual([]));
    hub.receive(b, { type: 'leave' });
  });

  it('watches all runs when one that a tab shows has been deleted', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const a = tab();
    hub.join(a);
    hub.receive(a, looking(['r1', 7], ['gone', 7]));
    await vi.waitFor(() => expect(streams.opened).toHaveLength(1));
    streams.opened[0]?.send(new ConnectError('no such run', Code.NotFound));
    hub.receive(a, { type: 'retry' });
    await vi.waitFor(() => expect(streams.opened).toHaveLength(2));
    expect(streams.opened[1]).toMatchObject({ of: [], after: 7n });
    hub.receive(a, { type: 'leave' });
  });

  it('holds one stream of rows for the lists of all tabs, beside that of the jobs', async () => {
    const streams = new Streams();
    const hub = new Hub(streams);
    const [a, b] = [tab(), tab()];
    for (const one of [a, b]) {
      hub.join(one);
      hub.receive(one, { type: 'look', interest: { lists: 3n, runs: [] } });
    }
    await vi.waitFor(() => expect(streams.open).toHaveLength(1));
    expect(streams.open[0]).toMatchObject({ of: 'lists', after: 3n });
    const runs = [create(RunSchema, { runId: 'r1' }), create(RunSchema, { runId: 'r2' })];
    streams.open[0]?.send(create(WatchRunsResponseSchema, { runs, lastEvent: 6n }));
    await vi.waitFor(() => expect(b.received.at(-1)).toMatchObject({ type: 'runs', lastEvent: 6n }));
    expect(a.received.at(-1)).toMatchObject({ runs: [{ runId: 'r1' }, { runId: 'r2' }] });
    hub.receive(a, looking(['r1', 7]));
    await vi.waitFor(() => expect(streams.open.map(({ of }) => of)).toEqual(['lists', ['r1']]));
    hub.receive(a, { type: 'leave' });
    hub.receive(b, { type: 'leave' });
    await vi.waitFor(() => expect(streams.open).toHaveLength(0));
  });
});

it('a reconnect waits longer each time, up to 15 seconds, and never less than half of that', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => reconnectDelayMs(attempt, 0));
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect(reconnectDelayMs(3, 1)).toBe(2_000);
});
