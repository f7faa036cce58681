import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run, Schedule } from '../../clients/typescript/src/index.js';
import { scaled } from '../support/machine.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

const file = `name: Tick
on:
  schedule:
    - { id: each-minute, cron: "* * * * *", timezone: Europe/Berlin, inputs: { at: "\${{ run.scheduled_at }}" } }
inputs: { at: {} }
jobs:
  say: { run: 'echo "at $INPUT_AT"' }
`;

test('a schedule starts a run at its time; a kill at that moment neither loses nor repeats one', {
  timeout: scaled(240_000),
}, async () => {
  const server = await startServerProcess();
  const api = server.api();
  const runs = async () => ((await api.get('/api/runs')).body as { runs: Run[] }).runs;
  const schedule = async () =>
    ((await api.get('/api/schedules?workflow=tick')).body as { schedules: Schedule[] }).schedules[0];
  writeFileSync(join(server.workflowsDir, 'tick.yml'), file);
  await server.logged(/^workflow "tick" is new$/);
  const next = (await schedule())?.next_at_ms ?? 0;
  expect(next % 60_000).toBe(0);

  const first = await until('a run of the schedule', async () => (await runs())[0], { withinMs: 70_000 });
  expect(first).toMatchObject({ trigger: 'schedule', schedule: 'each-minute', scheduled_at_ms: next });
  await server.kill();
  await server.start();
  // The stored run continues, and its time counts as used.
  await startWorkerProcess(server);
  const ended = await api.ended(first.run_id);
  expect(ended.state).toBe('success');
  const text = `${new Date(next).toISOString().slice(0, 19)}Z`;
  expect(await api.logText(first.run_id, 'say')).toBe(`at ${text}\n`);
  const slots = (await runs()).map((run) => run.scheduled_at_ms);
  expect(new Set(slots).size).toBe(slots.length);

  const paused = await runProgram([
    'schedules',
    'pause',
    'tick',
    'each-minute',
    '--reason',
    'a test',
    '--server',
    server.url,
  ]);
  expect(paused.stdout).toContain('tick each-minute: It is paused since ');
  expect(await schedule()).toMatchObject({ next_at_ms: null, pause_reason: 'a test', last_outcome: 'started' });
  const listed = await runProgram(['schedules', '--server', server.url]);
  expect(listed.stdout).toMatch(/tick +each-minute +\* \* \* \* \* Europe\/Berlin +paused +started /);
  const resumed = await runProgram(['schedules', 'resume', 'tick', 'each-minute', '--server', server.url]);
  expect(resumed.stdout).toContain('It is due next at ');
  const workflows = await runProgram(['workflows', '--server', server.url]);
  expect(workflows.stdout).toMatch(/NEXT[\s\S]*tick .* in \d+s /);
  const shown = await runProgram(['status', first.run_id, '--server', server.url]);
  expect(shown.stdout).toMatch(/trigger schedule each-minute of /);
});
