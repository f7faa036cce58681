import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { widthOf } from '../../src/cli/terminal/text-width.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';
import { startOnTerminal } from './terminal.js';

vi.setConfig({ testTimeout: 120_000 });

/** Each job waits for its file, so that the test controls the order of events. */
const workflow = (folder: string) => `name: Live
on: push
jobs:
  first: { run: 'echo "one of first"; ${held(folder, 'first')}' }
  second:
    needs: first
    retries: 1
    run: |
      printf '\\033]0;owned\\007\\033[2J\\033[31mred line\\033[0m\\n'
      ${held(folder, 'second')}
      [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ]
  third: { needs: first, run: 'true' }
  last: { needs: [second, third], run: 'true' }
`;

const held = (folder: string, id: string) => `while [ ! -e ${folder}/${id} ]; do sleep 0.05; done`;

async function aServer() {
  const folder = temporaryFolder();
  const server = await startServerProcess();
  await startWorkerProcess(server, { id: 'w-1', slots: 4 });
  writeFileSync(join(server.workflowsDir, 'live.yml'), workflow(folder));
  await server.logged(/workflow "live" is new/);
  return { server, release: (id: string) => writeFileSync(join(folder, id), '') };
}

test('a run is drawn as a tree that follows it, with last lines, attempts and totals', async () => {
  const { server, release } = await aServer();
  const terminal = startOnTerminal(['run', 'live', '--watch', '--server', server.url]);
  await terminal.shows(/^. Live {2}running {2}[\d.]+s {2}run [0-9a-f-]{36}\n. first {2,}[\d.]+s {2}one of first\n/m);
  expect(terminal.screen().join('\n')).toMatch(
    /├─ · second {2,}waits for first\n│ {2}└─ · last {2,}waits for second, third\n/,
  );
  expect(terminal.colourOf('one of first')).toBe(-1);
  release('first');
  await terminal.shows(/✓ first {2,}[\d.]+s\n├─ . second {2,}[\d.]+s {2}red line\n/);
  await terminal.shows(/└─ ✓ third/);
  await terminal.shows(/2 of 4 jobs ended: 2 success, 1 running, 1 queued/);
  release('second');
  await terminal.shows(/attempt 1/);
  expect(await terminal.ended).toBe(0);
  const screen = terminal.screen();
  expect(screen[0]).toMatch(/^✓ Live {2}success {2}[\d.]+s {2}run /);
  expect(screen.at(-1)).toBe('4 of 4 jobs ended: 4 success');
  // Each frame overwrote the one before: the screen has one picture, and nothing above it.
  expect(screen).toHaveLength(6);
  expect(terminal.colourOf('✓ first')).toBe(2);
  // The cursor is visible again, lines wrap again, and the job's escape sequence was not passed on.
  expect(terminal.written.slice(-20)).toContain('\x1b[?7h\x1b[?25h');
  expect(terminal.written).not.toContain('owned');
  expect(terminal.written).not.toContain('\x1b[2J');
});

test('frames fit a narrow terminal and a terminal that is resized', async () => {
  const { server, release } = await aServer();
  const terminal = startOnTerminal(['run', 'live', '--watch', '--server', server.url], { columns: 100, rows: 24 });
  await terminal.shows(/one of first/);
  terminal.resize(30, 8);
  await terminal.shows(/… and \d more/);
  release('first');
  release('second');
  expect(await terminal.ended).toBe(0);
  const screen = terminal.screen();
  for (const line of screen.slice(-6)) expect(widthOf(line)).toBeLessThanOrEqual(30);
  expect(screen.filter((line) => line.includes('jobs ended'))).toHaveLength(1);
});

test('NO_COLOR draws without colours, and a dumb terminal gets plain lines', async () => {
  const { server, release } = await aServer();
  release('first');
  release('second');
  const plain = startOnTerminal(['run', 'live', '--watch', '--server', server.url], { env: { NO_COLOR: '1' } });
  expect(await plain.ended).toBe(0);
  expect(plain.screen().at(-1)).toBe('4 of 4 jobs ended: 4 success');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
  expect(plain.written).not.toMatch(/\x1b\[[\d;]*m/);

  const dumb = startOnTerminal(['run', 'live', '--watch', '--server', server.url], { env: { TERM: 'dumb' } });
  expect(await dumb.ended).toBe(0);
  expect(dumb.written).not.toContain('\x1b');
  expect(dumb.screen().join('\n')).toMatch(/✓ Live: success after/);
});

test('Ctrl-C stops watching, prints how to continue, and the run continues', async () => {
  const { server, release } = await aServer();
  const terminal = startOnTerminal(['run', 'live', '--watch', '--server', server.url]);
  await terminal.shows(/one of first/);
  terminal.type('\x03');
  expect(await terminal.ended).toBe(130);
  const [, run = ''] = await terminal.shows(/Stopped watching; run ([0-9a-f-]{36}) continues\./);
  expect(terminal.screen().join('\n')).toContain(`workflow-graph status ${run} --watch`);
  const again = startOnTerminal(['status', run, '--watch', '--logs', '--server', server.url]);
  await again.shows(/^first +\| one of first$/m);
  release('first');
  release('second');
  expect(await again.ended).toBe(0);
  // Log lines stay above the picture.
  expect(again.screen().join('\n')).toMatch(/second \| red line\n[\s\S]*✓ Live {2}success/);
});

test('an outage of the server is reported and waited out', async () => {
  const { server, release } = await aServer();
  const terminal = startOnTerminal(['run', 'live', '--watch', '--server', server.url], { columns: 120 });
  await terminal.shows(/one of first/);
  await server.kill();
  await terminal.shows(/The server is unavailable, retrying: no answer from/);
  await server.start();
  release('first');
  release('second');
  expect(await terminal.ended).toBe(0);
  expect(terminal.screen().join('\n')).not.toContain('The server is unavailable');
});

test('a file runs locally with a live view; Ctrl-C cancels it and says what a second one does', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'hold.yml');
  writeFileSync(
    file,
    `jobs:
  hold: { run: "echo holding; exec sleep 600" }
  clean-up: { needs: hold, if: always(), run: 'touch ${folder}/cleaned; ${held(folder, 'go')}' }
  broken: { run: 'echo a line; echo the last line; exit 3' }
`,
  );
  const terminal = startOnTerminal(['run', file], { cwd: folder });
  await terminal.shows(/hold .* holding/);
  terminal.type('\x03');
  await terminal.shows(/Cancelling; press Ctrl-C again to kill everything at once\./);
  await terminal.shows(/⊘ hold .*cancelled/);
  writeFileSync(join(folder, 'go'), '');
  expect(await terminal.ended).toBe(130);
  expect(existsSync(join(folder, 'cleaned'))).toBe(true);
  expect(terminal.screen().join('\n')).toMatch(/✗ broken: .*\nbroken +\| a line\nbroken +\| the last line$/);
});

test('a job with a matrix is drawn with its counts, and its running and failed children under it', async () => {
  const folder = temporaryFolder();
  const server = await startServerProcess();
  await startWorkerProcess(server, { id: 'w-1', slots: 4 });
  writeFileSync(
    join(server.workflowsDir, 'matrix.yml'),
    `name: Matrix
on: push
jobs:
  test:
    strategy: { fail-fast: false, matrix: { n: [a, b, c] } }
    run: 'echo "line of $MATRIX_N"; if [ $MATRIX_N = b ]; then exit 7; fi; while [ ! -e ${folder}/$MATRIX_N ]; do sleep 0.05; done'
  report: { needs: test, if: always(), run: 'true' }
`,
  );
  await server.logged(/workflow "matrix" is new/);
  const terminal = startOnTerminal(['run', 'matrix', '--watch', '--server', server.url]);
  await terminal.shows(/test {2,}[\d.]+s {2}1 of 3 children ended, 1 failed\n/);
  await terminal.shows(/├─ . test\.0 \(a\) {2,}[\d.]+s {2}line of a\n/);
  await terminal.shows(/├─ ✗ test\.1 \(b\) {2,}[\d.]+s {2}exit status 7/);
  writeFileSync(join(folder, 'a'), '');
  await terminal.shows(/2 of 3 children ended, 1 failed\n/);
  writeFileSync(join(folder, 'c'), '');
  expect(await terminal.ended).toBe(1);
  // Without a live view each child has its own lines and output.
  const plain = await runProgram(['run', 'matrix', '--watch', '--logs', '--server', server.url]);
  expect(plain.stdout).toMatch(/^test\.0 \| line of a$/m);
  expect(plain.stdout).toMatch(/test\.2 \(c\): started on w-1/);
  expect(plain.stdout).toMatch(/test\.1 \(b\): failure after [\d.]+s: exit status 7/);
  expect(plain.stdout.indexOf('test.1 (b): failure')).toBeLessThan(plain.stdout.indexOf('test: failure'));
  const logs = await runProgram(['logs', 'matrix', '--server', server.url]);
  expect(logs.stdout).toContain('line of b');
});
