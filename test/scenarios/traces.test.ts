import { expect, test } from 'vitest';
import { OtlpCollector } from '../support/otlp-collector.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

const workflow = {
  name: 'traced',
  jobs: {
    first: { run: 'echo "first $TRACEPARENT"' },
    again: {
      run: 'echo "again $TRACEPARENT"; test "$WORKFLOW_GRAPH_ATTEMPT" = 1 || exit 3',
      needs: 'first',
      retries: 1,
    },
    never: { run: 'true', needs: 'again', if: 'failure()' },
  },
};

const tracing = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '50' });

test('a run is a trace: jobs and attempts are its spans, with times, outcomes and errors', async () => {
  const collector = await OtlpCollector.start();
  const server = await startServerProcess({
    env: { ...tracing(collector.url), OTEL_SERVICE_NAME: 'ci', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret' },
  });
  await startWorkerProcess(server);
  const api = server.api();
  const id = await api.define(workflow);
  const run = await api.run(id);
  const ended = await api.ended(run);
  await until('all spans are there', () => collector.spans.length >= 7);
  expect(collector.spans).toHaveLength(7);
  expect(collector.headers[0]).toMatchObject({ 'x-key': 'secret' });

  const one = (name: string, at = 0) => {
    const span = collector.named(name).sort((a, b) => a.startMs - b.startMs)[at];
    if (span === undefined) throw new Error(`there is no span ${name} ${at}`);
    expect(span).toMatchObject({ traceId: run.replaceAll('-', ''), service: 'ci' });
    expect(span.attributes).toMatchObject({ 'workflow_graph.run': run, 'workflow_graph.workflow': id });
    return span;
  };
  const root = one(`run ${id}`);
  const [first, again, never] = [one('job first'), one('job again'), one('job never')];
  const attempts = [one('attempt first'), one('attempt again', 0), one('attempt again', 1)] as const;
  expect(root.parentId).toBe('');
  expect([first, again, never].map(({ parentId }) => parentId)).toEqual([root.spanId, root.spanId, root.spanId]);
  expect(attempts.map(({ parentId }) => parentId)).toEqual([first.spanId, again.spanId, again.spanId]);
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(7);

  // The times are those of the run, and the job lasts from its first attempt to its end.
  expect([root.startMs, root.endMs]).toEqual([ended.created_at_ms, ended.ended_at_ms]);
  expect([again.startMs, again.endMs]).toEqual([attempts[1].startMs, attempts[2].endMs]);
  expect(attempts[2].startMs).toBeGreaterThanOrEqual(attempts[1].endMs);
  expect(first.endMs).toBeLessThanOrEqual(again.startMs);

  expect(attempts.map(({ isError }) => isError)).toEqual([false, true, false]);
  expect(attempts[1].message).toContain('3');
  expect(attempts[1].attributes).toMatchObject({ 'workflow_graph.attempt': 0, 'workflow_graph.outcome': 'failure' });
  expect(again.attributes).toMatchObject({ 'workflow_graph.attempts': 2, 'workflow_graph.outcome': 'success' });
  expect(never.attributes).toMatchObject({ 'workflow_graph.attempts': 0, 'workflow_graph.outcome': 'skipped' });
  expect([root.isError, first.isError, again.isError, never.isError]).toEqual([false, false, false, false]);

  // Each attempt's command finds the span of that attempt in its environment.
  const told = `${await api.logText(run, 'first')}${await api.logText(run, 'again')}`.trim().split('\n');
  expect(told).toEqual(attempts.map(({ name, traceId, spanId }) => `${name.split(' ')[1]} 00-${traceId}-${spanId}-01`));
});

test('a re-run creates new spans under the span of the run, for the jobs that run again', async () => {
  const collector = await OtlpCollector.start();
  const server = await startServerProcess({ env: tracing(collector.url) });
  await startWorkerProcess(server);
  const api = server.api();
  const jobs = { fails: { run: 'test "$WORKFLOW_GRAPH_ATTEMPT" = 1' }, stays: { run: 'true' } };
  const run = await api.start({ name: 'traced', jobs });
  expect((await api.ended(run)).state).toBe('failure');
  const rerun = await runProgram(['rerun', run, '--failed', '--server', server.url]);
  expect(rerun.code).toBe(0);
  await until('the run ends again', async () => (await api.status(run)).state === 'success');
  await until('all spans are there', () => collector.spans.length >= 8);
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(8);
  const inOrder = (name: string) =>
    collector.spans.filter((span) => span.name.startsWith(name)).sort((a, b) => a.startMs - b.startMs);
  const [first, second] = inOrder('run ');
  expect([first?.isError, second?.isError]).toEqual([true, false]);
  expect(second?.startMs).toBeGreaterThanOrEqual(first?.endMs ?? 0);
  const again = inOrder('job fails');
  expect(again.map(({ parentId }) => parentId)).toEqual([first?.spanId, second?.spanId]);
  expect(inOrder('attempt fails').map(({ parentId }) => parentId)).toEqual(again.map(({ spanId }) => spanId));
  expect(again[1]?.attributes).toMatchObject({ 'workflow_graph.attempts': 1 });
});

test('a run started within a trace belongs to it, on every protocol, and follows its sampling', async () => {
  const collector = await OtlpCollector.start();
  const server = await startServerProcess({ env: tracing(collector.url) });
  const api = server.api();
  const id = await api.define({ name: 'w', jobs: { a: { run: 'x' } } });
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const start = async (path: string, body: object, traceparent: string) => {
    const answer = await api.post(path, body, { traceparent });
    const { run_id, runId } = answer.body as { run_id?: string; runId?: string };
    const claim = await api.claimed('w1');
    await api.complete(claim);
    await api.ended(run_id ?? runId ?? '');
    return claim.job.env.TRACEPARENT;
  };
  const rpc = '/workflowgraph.v1.WorkflowService/RunWorkflow';
  const sampled = `00-${trace}-00f067aa0ba902b7-01`;
  const told = [
    await start(`/api/workflows/${id}/run`, {}, sampled),
    await start(rpc, { id }, sampled),
    await start(`/api/workflows/${id}/run`, {}, `00-${trace}-00f067aa0ba902b7-00`),
    await start(`/api/workflows/${id}/run`, {}, `00-${trace}-0000000000000000-01`),
  ];
  expect(told.map((text) => /^00-(.+)-[0-9a-f]{16}-(\d\d)$/.exec(text ?? '')?.slice(1))).toEqual([
    [trace, '01'],
    [trace, '01'],
    [trace, '00'],
    [expect.not.stringContaining(trace), '01'],
  ]);
  await until('the spans are there', () => collector.spans.length >= 9);
  const roots = collector.named(`run ${id}`).filter(({ traceId }) => traceId === trace);
  expect(roots.map(({ parentId }) => parentId)).toEqual(['00f067aa0ba902b7', '00f067aa0ba902b7']);
  const attempts = collector.named('attempt a').filter(({ traceId }) => traceId === trace);
  expect(attempts.map(({ spanId }) => `00-${trace}-${spanId}-01`).sort()).toEqual([told[0], told[1]].sort());
  expect(collector.spans).toHaveLength(9);
});

test('an unreachable collector stops nothing, and causes one log line', async () => {
  const server = await startServerProcess({ env: tracing('http://127.0.0.1:9') });
  await startWorkerProcess(server);
  const api = server.api();
  const id = await api.define({ name: 'w', jobs: { a: { run: 'true' } } });
  for (let at = 0; at < 3; at++) expect((await api.ended(await api.run(id))).jobs[0]?.status).toBe('success');
  await server.logged(/traces cannot be exported/);
  expect((await api.ended(await api.run(id))).jobs[0]?.status).toBe('success');
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(server.log().filter(({ msg }) => /traces|span/i.test(String(msg)))).toHaveLength(1);
});

test('without a collector jobs have no trace, and the sampler decides for all spans of a run', async () => {
  const plain = await startServerProcess();
  const job = { name: 'w', jobs: { a: { run: 'x' } } };
  await plain.api().start(job);
  expect((await plain.api().claimed('w1')).job.env).toEqual({});
  await plain.stop();

  const collector = await OtlpCollector.start();
  const server = await startServerProcess({ env: { ...tracing(collector.url), OTEL_TRACES_SAMPLER: 'always_off' } });
  const run = await server.api().start({ ...job, jobs: { a: { run: 'x', env: { A: 'b' } } } });
  const claim = await server.api().claimed('w1');
  expect(claim.job.env).toEqual({
    A: 'b',
    TRACEPARENT: expect.stringMatching(new RegExp(`^00-${run.replaceAll('-', '')}-[0-9a-f]{16}-00$`)),
  });
  await server.api().complete(claim);
  await server.api().ended(run);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(collector.spans).toEqual([]);
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER is "zipkin"; it must be otlp or none'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'here' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is "here"; it must be a URL'],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'some' },
    'OTEL_TRACES_SAMPLER is "some"; it must be always_on',
  ],
])('%j is refused at the start', async (env, said) => {
  const { code, stderr } = await runProgram(['serve', '--port', '0', '--data', '/tmp/never'], { env });
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});
