import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/**
 * A job that writes its clean-up when it is asked to end. Its shell exits at a failed command, like those of workflow
 * files.
 */
function startJob(folder: string, variable: string) {
  const job = spawn(
    '/bin/sh',
    ['-ec', 'trap "echo asked >asked; exit" TERM; echo started >started; while :; do sleep 1; done'],
    {
      cwd: folder,
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env.PATH, WORKFLOW_GRAPH_WORKER_ID: variable },
    },
  );
  const ended = new Promise<void>((resolve) => job.once('exit', () => resolve()));
  onTestFinished(async () => {
    if (job.exitCode === null && job.signalCode === null) process.kill(-Number(job.pid), 'SIGKILL');
    await ended;
  });
  return { started: until('the job runs', () => existsSync(join(folder, 'started'))), ended };
}

/** A process that owns a guard. */
async function startOwner(workerId: string) {
  const guard = pathToFileURL('dist/src/cli/job-guard.js').href;
  const code = `(await import(${JSON.stringify(guard)})).guardJobs(${JSON.stringify(workerId)}); console.log('ready'); setInterval(() => {}, 1e9)`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void owner.kill('SIGKILL'));
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  return owner;
}

test.runIf(process.platform === 'linux')(
  'a job whose start the guard was not told of, because its owner was killed first, is asked to end',
  async () => {
    const [ours, other] = [temporaryFolder(), temporaryFolder()];
    const owner = await startOwner('worker-1');
    const job = startJob(ours, 'worker-1');
    const stranger = startJob(other, 'worker-12');
    await Promise.all([job.started, stranger.started]);
    owner.kill('SIGKILL');
    await job.ended;
    expect(existsSync(join(ours, 'asked'))).toBe(true);
    expect(existsSync(join(other, 'asked'))).toBe(false);
  },
);
