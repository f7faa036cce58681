import { expect, test } from 'vitest';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

test('outputs come from the outputs file and from ::set-output, and the file wins', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`
    echo "::set-output version=1.2.3"
    echo "::set-output url=s3://bucket/a=b.tar.gz"
    echo "::set-output both=stdout"
    echo " ::set-output indented=no"
    echo "::set-output error=no" >&2
    echo "both=file" >> "$WORKFLOW_GRAPH_OUTPUT"
    printf 'text<<EOF\\nfirst\\nsecond=2\\nEOF\\n' >> "$WORKFLOW_GRAPH_OUTPUT"
    printf '::set-output last=no newline'`);
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({
    kind: 'complete',
    body: {
      outputs: {
        version: '1.2.3',
        url: 's3://bucket/a=b.tar.gz',
        both: 'file',
        last: 'no newline',
        text: 'first\nsecond=2',
      },
    },
  });
});

test('an outputs file that cannot be read fails the job for good and names the line', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo "fine=1" >> $WORKFLOW_GRAPH_OUTPUT; echo "nonsense" >> $WORKFLOW_GRAPH_OUTPUT');
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({
    kind: 'fail',
    body: { error: 'outputs file, line 2: expected key=value or key<<END', retryable: false },
  });
});

test('a job that removes its outputs file, or the directory that it is in, succeeds without outputs from it', async () => {
  const server = await startServer();
  startWorker(server);
  for (const command of ['rm "$WORKFLOW_GRAPH_OUTPUT"', 'rm -rf "$(dirname "$WORKFLOW_GRAPH_OUTPUT")"']) {
    server.push(`echo "::set-output a=1"; ${command}`, { jobId: command });
    expect((await server.reported(command)).reports).toEqual([{ kind: 'complete', body: { outputs: { a: '1' } } }]);
  }
});

test('a byte order mark at the start of the outputs file is no part of the first key', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`printf '\\357\\273\\277a=1\\n' > "$WORKFLOW_GRAPH_OUTPUT"`);
  expect((await server.reported()).reports).toEqual([{ kind: 'complete', body: { outputs: { a: '1' } } }]);
});

test.each([
  ['a FIFO', 'rm "$WORKFLOW_GRAPH_OUTPUT"; mkfifo "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a link to a device', 'ln -sf /dev/zero "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a link to a file', 'ln -sf /etc/hostname "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a directory', 'rm "$WORKFLOW_GRAPH_OUTPUT"; mkdir "$WORKFLOW_GRAPH_OUTPUT"'],
])('%s in the place of the outputs file fails the job for good and does not stall the worker', async (_, command) => {
  const server = await startServer();
  startWorker(server);
  server.push(command, { jobId: 'bad' });
  expect((await server.reported('bad')).reports).toEqual([
    {
      kind: 'fail',
      body: { error: expect.stringMatching(/^outputs file: it is not a regular file/), retryable: false },
    },
  ]);
  server.push('echo fine', { jobId: 'next' });
  expect(logOf(await server.reported('next'))).toBe('fine\n');
});

test('an outputs file that is too large is not read whole', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('head -c 2000000 /dev/zero | tr "\\0" "x" > "$WORKFLOW_GRAPH_OUTPUT"');
  expect((await server.reported()).reports).toEqual([
    {
      kind: 'fail',
      body: { error: expect.stringMatching(/^outputs file: it has more than 1048576 bytes/), retryable: false },
    },
  ]);
});
