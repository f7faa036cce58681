import type { Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { printLines, stdoutPaint } from '../print.js';
import { markOf, paintState } from '../states.js';
import { type JobEvent, JobEvents } from './job-events.js';
import { jobPrefix } from './job-prefix.js';
import { jobTitle } from './job-title.js';
import { pollRun } from './poll-run.js';
import { RunLogs } from './run-logs.js';
import type { Watching } from './watch-run.js';

/**
 * Prints a line for each change of a run until it has ended, and the output of its jobs; null when watching was stopped
 * first. Changes are printed in their order: the start of a job before its output, its end after all of it, and then
 * the start of the jobs that waited for it.
 */
export async function watchPlain(watching: Watching, withLogs: boolean): Promise<Workflow | null> {
  const { client, runId, signal } = watching;
  const events = new JobEvents(client, runId);
  let last: Workflow | null = null;
  let isAway = false;
  let prefix: ((jobId: string) => string) | null = null;
  const titles = new Map<string, string>();
  const logs = new RunLogs(client, runId, (line) => printLines([`${prefix?.(line.jobId) ?? ''}${line.text}`]));
  const print = new InOrder(async (event) => {
    if (signal.aborted) return;
    if (withLogs && event.kind === 'ended') await logs.complete(event.jobId);
    const text = `${markOf(event.status)} ${titles.get(event.jobId) ?? escapeLine(event.jobId)}: ${event.text}`;
    await printLines([paintState(stdoutPaint(), event.status, text)]);
    if (withLogs && event.kind === 'started') logs.begin(event.jobId);
  });
  try {
    for await (const seen of pollRun(client, runId, signal)) {
      if (seen.kind === 'away') {
        if (!isAway) await printLines([`The server is unavailable, retrying: ${escapeLine(seen.message)}`]);
        isAway = true;
        continue;
      }
      isAway = false;
      last = seen.workflow;
      prefix ??= jobPrefix(last);
      const { children, nodeOf } = seen.matrices;
      for (const child of children) titles.set(child.id, jobTitle(child, nodeOf.get(child.id)));
      print.add(await events.since({ jobs: [...last.jobs, ...children] }));
    }
    if (signal.aborted || last === null) return null;
    await print.done();
    await logs.completeAll();
    return last;
  } finally {
    logs.stop();
  }
}

/** Handles events one after another as long as more are found. */
class InOrder {
  readonly #handle: (event: JobEvent) => Promise<void>;
  #last: Promise<void> = Promise.resolve();

  constructor(handle: (event: JobEvent) => Promise<void>) {
    this.#handle = handle;
  }

  add(events: readonly JobEvent[]): void {
    if (events.length === 0) return;
    this.#last = this.#last.then(async () => {
      for (const event of events) await this.#handle(event);
    });
    // `done` throws it.
    this.#last.catch(() => {});
  }

  done(): Promise<void> {
    return this.#last;
  }
}
