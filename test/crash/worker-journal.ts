import type { WorkerEvent } from '@workflow-graph/client';
import { printed } from './definitions.js';
import { attemptName, type End, type Journal } from './journal.js';

/** The lines that `stream-worker.ts` prints besides the worker's events. */
type Note = { readonly runId: string; readonly jobId: string; readonly attempt: number } & (
  | { readonly type: 'granted'; readonly upstream: Readonly<Record<string, Readonly<Record<string, string>>>> }
  | { readonly type: 'result'; readonly text: string; readonly end: End }
);

/**
 * Records the output of a worker process in the journal, however it ended: a truncated last line is ignored. A shell
 * worker prints nothing about its results; the output of its jobs is known.
 */
export function journalProcess(journal: Journal, worker: string, kind: 'stream' | 'shell', output: string): void {
  const results = new Map<string, Extract<Note, { type: 'result' }>>();
  const dropped = new Set<string>();
  const leaseOf = (name: string) => `${worker} ${name}`;
  for (const line of output.split('\n').slice(0, -1)) {
    const entry = JSON.parse(line) as Note | WorkerEvent;
    if (!('runId' in entry)) continue;
    const attempt = attemptName(entry.runId, entry.jobId, entry.attempt);
    const lease = leaseOf(attempt);
    switch (entry.type) {
      case 'job-started':
        if (kind === 'shell') journal.grants.push({ attempt, worker, lease, upstream: null });
        break;
      case 'granted':
        journal.grants.push({ attempt, worker, lease, upstream: entry.upstream });
        break;
      case 'result':
        results.set(attempt, entry);
        break;
      case 'logs-dropped':
        dropped.add(attempt);
        break;
      case 'job-ended': {
        if (entry.outcome !== 'success' && entry.outcome !== 'failure') break;
        const result = results.get(attempt);
        const end: End =
          entry.outcome === 'failure'
            ? { kind: 'failure', error: entry.error ?? '', retryable: entry.retryable }
            : { kind: 'success', outputs: result?.end.kind === 'success' ? result.end.outputs : {} };
        journal.reports.push({ attempt, worker, lease, end, refused: null });
        // A job that was stopped midway has not printed its whole output.
        const isWhole = !dropped.has(attempt) && (kind === 'stream' ? end.kind === result?.end.kind : true);
        const text = kind === 'stream' ? result?.text : printed(entry.runId, entry.jobId, entry.attempt);
        if (isWhole && text !== undefined && !wasStopped(end)) journal.texts.set(attempt, text);
        break;
      }
      case 'report-refused': {
        const end = results.get(attempt)?.end ?? { kind: 'success', outputs: {} };
        journal.reports.push({ attempt, worker, lease, end, refused: entry.reason ?? String(entry.status) });
        break;
      }
      default:
    }
  }
}

function wasStopped(end: End): boolean {
  return end.kind === 'failure' && /^(lease expired|lease lost|worker stopped|timed out|cancelled)/.test(end.error);
}
