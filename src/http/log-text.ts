import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { endWhenUnread } from '../api/end-when-unread.js';
import { ApiError } from '../api/errors.js';
import type { Engine, LogBatch, LogQuery } from '../engine/engine.js';
import { acceptedEncodings, varyBy } from './accepted-encodings.js';

interface LogTextRoute {
  readonly Params: { readonly id: string; readonly job: string };
  readonly Querystring: { readonly attempt?: string; readonly timestamps?: string };
}

const idLengthMax = 200;

/**
 * `GET /api/runs/{id}/jobs/{job_id}/log`: the log of an attempt as a file of text, as the worker sent it, and of all attempts when
 * none is named. With `timestamps=true` each line begins with the time at which it began. It is read no faster than it is taken.
 */
export function logTextRoute(app: FastifyInstance, engine: Engine): void {
  app.get<LogTextRoute>('/api/runs/:id/jobs/:job/log', { config: { policy: 'read' } }, async (request, reply) => {
    const { id, job } = request.params;
    if (id.length > idLengthMax || job.length > idLengthMax) {
      throw new ApiError('malformed', `the ids of a run and of a job have at most ${idLengthMax} characters`);
    }
    const attempt = readAttempt(request.query.attempt);
    const stamped = readFlag(request.query.timestamps);
    const query: LogQuery = { id, jobKey: job, attempt, limit: null, after: '', tail: null };
    const batches = endWhenUnread(engine.jobLogs(query), ({ position }) => `position ${position}`);
    // What is refused is refused before the answer begins.
    const reader = batches[Symbol.asyncIterator]();
    const first = await reader.next();
    reply
      .header('content-type', 'text/plain; charset=utf-8')
      .header('content-disposition', `attachment; filename="${fileName(id, job, attempt)}"`);
    return sendText(request, reply, Readable.from(texts(first, reader, stamped), { objectMode: false }));
  });
}

async function* texts(
  first: IteratorResult<LogBatch>,
  rest: AsyncIterator<LogBatch>,
  stamped: boolean,
): AsyncGenerator<string> {
  /** Streams whose last chunk did not end its line. */
  const open = new Set<string>();
  for (let next = first; next.done !== true; next = await rest.next()) {
    let text = '';
    for (const { data, stream, systemLine, timestampMs } of next.value.chunks) {
      if (data === '') continue;
      const whole = systemLine === null || data.endsWith('\n') ? data : `${data}\n`;
      text += stamped ? withTimes(whole, timestampMs, open.has(stream)) : whole;
      if (whole.endsWith('\n')) open.delete(stream);
      else open.add(stream);
    }
    if (text !== '') yield text;
  }
}

/** Each line that begins in a text gets the time of its chunk. */
function withTimes(text: string, atMs: number, goesOn: boolean): string {
  const time = `${new Date(atMs).toISOString()} `;
  const stamped = text.replace(/\n(?=.)/gs, `\n${time}`);
  return goesOn ? stamped : time + stamped;
}

function sendText(request: FastifyRequest, reply: FastifyReply, text: Readable): FastifyReply {
  reply.header('vary', varyBy(reply.getHeader('vary'), 'accept-encoding'));
  if (!acceptedEncodings(request.headers['accept-encoding']).has('gzip')) return reply.send(text);
  reply.header('content-encoding', 'gzip');
  return reply.send(pipeline(text, createGzip({ level: constants.Z_BEST_SPEED + 2 }), () => {}));
}

function fileName(id: string, job: string, attempt: number | null): string {
  const parts = [id, job, ...(attempt === null ? [] : [String(attempt)])];
  return `${parts.map((part) => part.replace(/[^A-Za-z0-9._-]+/g, '_')).join('-')}.log`;
}

function readAttempt(text: unknown): number | null {
  if (text === undefined) return null;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  throw new ApiError('malformed', 'attempt: must be a number from 0, such as attempt=1');
}

function readFlag(text: unknown): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new ApiError('malformed', 'timestamps: must be true or false');
}
