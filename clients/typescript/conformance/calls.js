// What the conformance driver wants done with the library's client.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@workflow-graph/client';

/** Bounds the reading of a log that has no end. */
const logReadsMax = 1_000;
const tryAgainMs = 20;

const client = new Client({ serverUrl: process.env.SERVER_URL });

const calls = {
  async create({ definition, request_id: requestId }) {
    return (await client.createWorkflow(definition, { requestId })).id;
  },
  async remove({ target }) {
    await client.removeWorkflow(target);
    return '';
  },
  cancel: ({ target, request_id: requestId }) => client.cancel(target, { requestId }),
  async read_log({ target, job_id: jobId }) {
    let text = '';
    let after;
    for (let reads = 0; reads < logReadsMax; reads++) {
      const [chunk] = await client.logs(target, jobId, { limit: 1, ...(after === undefined ? {} : { after }) });
      if (chunk === undefined) return text;
      text += chunk.data;
      after = chunk;
    }
    throw new Error('the log has no end');
  },
};

/** Makes the call, and returns the event that answers it. */
export async function callClient({ id, call, ...options }) {
  try {
    return { event: 'answered', id, answer: await untilAnswered(() => calls[call](options)), error: null };
  } catch (error) {
    return { event: 'answered', id, answer: '', error: error.message };
  }
}

/** A call whose connection broke is made again. */
async function untilAnswered(make) {
  for (;;) {
    try {
      return await make();
    } catch (error) {
      if (error.name !== 'ServerUnreachableError') throw error;
      await sleep(tryAgainMs);
    }
  }
}
