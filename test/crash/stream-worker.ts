/**
 * A worker of the TypeScript package on its streams, as a process that may be killed at any moment. It prints its
 * assignments and reports, then the worker's own events: a result followed by its `job-ended` was accepted.
 *
 * Runs from the built package: `node stream-worker.ts <server> <id> <lease seconds> <seed>`.
 */
import { randomUUID } from 'node:crypto';
import { jsonLogger, PermanentError, RetryableError, Worker } from '@workflow-graph/client';

const [, , serverUrl = '', workerId = '', leaseTtlSecs = '2', seed = '1'] = process.argv;

// Node strips the types of this file and resolves the other by its own name.
const { Random } = (await import(new URL('./random.ts', import.meta.url).href)) as typeof import('./random.js');
const ownRandom = new Random(Number(seed));

function note(entry: object): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

const worker = new Worker({
  serverUrl,
  workerId,
  labels: ['stream'],
  slots: 4,
  leaseTtlSecs: Number(leaseTtlSecs),
  graceMs: 200,
  logBatchMs: 20,
  logger: jsonLogger(process.stdout),
  async executor(job, { log, upstreamOutputs, attempt }) {
    const ids = { runId: job.workflow_id, jobId: job.job_id, attempt };
    // Concurrent jobs do not disturb each other's numbers.
    const random = ownRandom.fork();
    note({ type: 'granted', ...ids, upstream: upstreamOutputs });
    let text = '';
    for (let i = 0; i < 3; i++) {
      const line = i === 0 ? `::set-output from_log=${job.job_id}.${attempt}\n` : `${randomUUID()}\n`;
      text += line;
      await log.stdout(line);
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.within(0, 100)));
    }
    const mark = randomUUID();
    if (random.chance(0.2)) {
      const retryable = random.chance(0.8);
      note({ type: 'result', ...ids, text, end: { kind: 'failure', error: mark, retryable } });
      throw retryable ? new RetryableError(mark) : new PermanentError(mark);
    }
    note({ type: 'result', ...ids, text, end: { kind: 'success', outputs: { mark } } });
    return { mark };
  },
});

process.once('SIGTERM', () => void worker.stop());
await worker.run();
