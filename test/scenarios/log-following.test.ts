import { expect, test } from 'vitest';
import { type Api, chunk } from '../support/api.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Follows a job's log by server-sent events, as a browser does. */
class LogReader {
  readonly events: Event[] = [];
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();

  constructor(url: string, run: string, job: string, lastEventId?: string) {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const stream = `${url}/api/workflows/${run}/jobs/${job}/logs/stream`;
    this.ended = this.#read(fetch(stream, { headers, signal: this.#abort.signal }));
    this.ended.catch(() => {});
  }

  async #read(answer: Promise<Response>): Promise<void> {
    const { status, headers, body } = await answer;
    // The finished log has nothing more.
    if (status === 204) return;
    if (status !== 200 || body === null) throw new Error(`the stream answered ${status}`);
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    let text = '';
    for await (const bytes of body.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? '';
        if (field('event') !== '') this.events.push({ event: field('event'), id: field('id'), data: field('data') });
      }
    }
  }

  get lines(): string[] {
    return this.events.filter(({ event }) => event === 'log').map(({ data }) => JSON.parse(data).data);
  }

  has(count: number): Promise<unknown> {
    return until(`${count} chunks arrive`, () => this.lines.length >= count, { describe: () => this.lines.join('') });
  }

  leave(): void {
    this.#abort.abort();
  }
}

async function startJob(api: Api, retries = 0) {
  const run = await api.start({ name: 'logged', jobs: { a: { run: 'x', retries } } });
  return { run, claim: await api.claimed('w') };
}

test('a reader gets the stored chunks, then each new chunk as it arrives, and the end when the job has ended', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api);
  await api.pushLogs(claim, 'one\n', 'two\n');
  const reader = new LogReader(server.url, run, 'a');
  await reader.has(2);
  const logs = `/api/jobs/${claim.lease.lease_id}/logs`;
  await api.post(logs, { chunks: [{ ...chunk(claim, 2, 'three\n'), stream: 'stderr' }] });
  await reader.has(3);
  await api.post(logs, { chunks: [chunk(claim, 3, 'four\n')] });
  await api.complete(claim);
  await reader.ended;
  expect(reader.lines).toEqual(['one\n', 'two\n', 'three\n', 'four\n']);
  expect(reader.events.at(-1)).toMatchObject({ event: 'end' });
  expect(JSON.parse(reader.events[2]?.data ?? '')).toEqual({
    workflow_id: run,
    job_id: 'a',
    sequence: 2,
    data: 'three\n',
    timestamp_ms: 1_700_000_000_002,
    stream: 'stderr',
    attempt: 0,
    missing_bytes: null,
    system_line: null,
  });
});

test('a reader that reconnects with its last id resumes after it, without a gap or a duplicate', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api, 1);
  await api.pushLogs(claim, 'one\n', 'two\n');
  const first = new LogReader(server.url, run, 'a');
  await first.has(2);
  first.leave();
  const lastId = first.events[0]?.id;
  expect(lastId).not.toBe('');
  await api.fail(claim, 'again', true);
  const retry = await api.claimed('w');
  await api.pushLogs(retry, 'three\n');

  const second = new LogReader(server.url, run, 'a', lastId);
  await second.has(2);
  await api.complete(retry);
  await second.ended;
  expect(second.lines).toEqual(['two\n', 'three\n']);

  // A reader that resumes at any event gets the same rest, also after a restart of the server.
  const all = new LogReader(server.url, run, 'a');
  await all.ended;
  await server.kill();
  await server.start();
  const logged = all.events.filter(({ event }) => event === 'log');
  for (const [i, { id }] of logged.entries()) {
    const rest = new LogReader(server.url, run, 'a', id);
    await rest.ended;
    // After the last line of an ended job nothing remains: 204, without an event.
    expect(rest.events).toEqual(i === logged.length - 1 ? [] : all.events.slice(i + 1));
  }
});

test('`after` of the stored log accepts the same position', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api);
  await api.pushLogs(claim, 'one\n', 'two\n', 'three\n');
  await api.complete(claim);
  const reader = new LogReader(server.url, run, 'a');
  await reader.ended;
  const { body } = await api.get(`/api/workflows/${run}/jobs/a/logs?after=${reader.events[1]?.id}`);
  expect((body as { data: string }[]).map(({ data }) => data)).toEqual(['three\n']);
});

test('many readers of a real job all see the same events in the same order', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const run = await api.start({
    name: 'talks',
    jobs: {
      a: {
        run: 'i=0; while [ $i -lt 200 ]; do echo "line $i"; i=$((i + 1)); [ $((i % 50)) = 0 ] && sleep 0.2; done; true',
      },
    },
  });
  const readers = Array.from({ length: 10 }, () => new LogReader(server.url, run, 'a'));
  await startWorkerProcess(server);
  const expected = Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join('');
  for (const reader of readers) {
    await reader.ended;
    expect(reader.lines.join('')).toBe(expected);
  }
});
