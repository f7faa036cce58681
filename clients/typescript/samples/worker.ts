/** A worker in ten lines. `node samples/worker.ts`, with SERVER_URL if the server is elsewhere. */
import { PermanentError, Worker } from '@workflow-graph/client';

const worker = new Worker({
  serverUrl: process.env.SERVER_URL ?? 'http://localhost:3000',
  labels: ['node'],
  slots: 4,
  executor: async (job, { upstreamOutputs, log }) => {
    if (job.command === '') throw new PermanentError('nothing to do');
    await log.stdout(`${job.job_id} after ${Object.keys(upstreamOutputs).join(', ') || 'nothing'}\n`);
    return { finished_at: new Date().toISOString() };
  },
});

await worker.runUntilSignal();
