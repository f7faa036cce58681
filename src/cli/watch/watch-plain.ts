import type { Job, Workflow } from '@workflow-graph/client';
import { printLines, stdoutPaint } from '../print.js';
import { markOf, paintState, tookMs } from '../states.js';
import { harmlessLine } from '../terminal/harmless.js';
import { duration } from '../terminal/times.js';
import { jobPrefix } from './job-prefix.js';
import { pollRun } from './poll-run.js';
import { RunLogs } from './run-logs.js';
import type { Watching } from './watch-run.js';

/** How often to look whether a job's log is told, once the run has ended. */
const lookEveryMs = 20;

/**
 * Prints a line for each change of a run until it has ended, and what its jobs print; null when the watching was ended
 * before. A job's end is told after all that it has printed.
 */
export async function watchPlain(watching: Watching, withLogs: boolean): Promise<Workflow | null> {
  const { client, runId, signal } = watching;
  const told = new Map<string, string>();
  let last: Workflow | null = null;
  let isAway = false;
  let prefix: ((jobId: string) => string) | null = null;
  const logs = new RunLogs(client, runId, (line) => printLines([`${prefix?.(line.jobId) ?? ''}${line.text}`]));
  try {
    for await (const seen of pollRun(client, runId, signal)) {
      if (seen.kind === 'away') {
        if (!isAway) printLines([`The server is away, trying again: ${harmlessLine(seen.message)}`]);
        isAway = true;
        continue;
      }
      isAway = false;
      last = seen.workflow;
      prefix ??= jobPrefix(last);
      if (withLogs) logs.update(last);
      tellChanges(last, told, logs);
    }
    if (signal.aborted || last === null) return null;
    for (const done = logs.complete(); !(await isSettled(done)); ) tellChanges(last, told, logs);
    tellChanges(last, told, logs);
    return last;
  } finally {
    logs.stop();
  }
}

function tellChanges(workflow: Workflow, told: Map<string, string>, logs: RunLogs): void {
  for (const job of workflow.jobs) {
    const what = changeOf(job);
    if (what === null || told.get(job.id) === what) continue;
    if (job.status !== 'running' && job.status !== 'queued' && !logs.isComplete(job.id)) continue;
    told.set(job.id, what);
    const text = `${markOf(job.status)} ${harmlessLine(job.id)}: ${what}`;
    printLines([paintState(stdoutPaint(), job.status, text)]);
  }
}

/** What there is to tell of a job; null while nothing has happened to it. */
function changeOf(job: Job): string | null {
  const attempt = job.attempt === 0 ? '' : ` (attempt ${job.attempt})`;
  const took = tookMs(job, 0);
  const after = took === null ? '' : ` after ${duration(took)}`;
  switch (job.status) {
    case 'running':
      return `started on ${harmlessLine(job.worker_id ?? 'a worker')}${attempt}`;
    case 'queued':
      return job.attempt === 0 ? null : `waits for attempt ${job.attempt}${because(job)}`;
    case 'failure':
      return `failure${attempt}${after}${because(job)}`;
    case 'success':
    case 'cancelled':
      return `${job.status}${attempt}${after}`;
    case 'skipped':
      return 'skipped';
  }
}

function because({ output }: Job): string {
  const line = harmlessLine((output ?? '').trim().split('\n', 1)[0] ?? '');
  return line === '' ? '' : `: ${line}`;
}

function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), lookEveryMs)),
  ]);
}
