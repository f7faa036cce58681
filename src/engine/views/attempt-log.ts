import { notFound } from '../../domain/errors.js';
import { jobByKey } from '../../store/statements/jobs.js';
import type { EngineContext } from '../context.js';
import { findChild } from '../runs/find-child.js';
import { findRun } from '../runs/find-run.js';
import type { LogLineIndex, LogLineIndexes } from './log-line-index.js';
import { LogPages } from './log-pages.js';

/** Names an attempt of a job. */
export interface AttemptPlace {
  readonly id: string;
  readonly jobKey: string;
  readonly attempt: number;
}

/** The log of an attempt, with its lines counted. Errors: `not_found`. */
export async function attemptLog(
  context: EngineContext,
  indexes: LogLineIndexes,
  { id, jobKey, attempt }: AttemptPlace,
): Promise<{ readonly pages: LogPages; readonly index: LogLineIndex }> {
  const run = await findRun(context, id);
  const { read } = context.store;
  const [ofFile] = await jobByKey.run(read, { run: run.no, version: run.version, key: jobKey });
  const job = ofFile ?? (await findChild(read, run, jobKey));
  if (job === null) throw notFound(`job ${JSON.stringify(jobKey)} of run ${run.id}`);
  const index = await indexes.of(job.id, attempt);
  if (index === null) throw notFound(`attempt ${attempt} of job ${JSON.stringify(jobKey)} of run ${run.id}`);
  const query = { id: run.id, jobKey, attempt, limit: null, after: '', tail: null };
  return { pages: new LogPages(context, run.id, job.id, query), index };
}
