import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { LogService, StreamLogsResponseSchema } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { ApiError } from '../../src/api/errors.js';
import type { CallContext } from '../../src/api/procedure.js';
import { type ServiceHandlers, serviceProcedures } from '../../src/api/procedure.js';
import { WaitingCallers } from '../../src/api/waiting-callers.js';
import { createLog } from '../../src/telemetry/log.js';
import { noTokens } from '../http/start-server.js';

const context: CallContext = {
  protocol: 'grpc',
  authorization: null,
  session: null,
  basePath: '/',
  traceparent: null,
  remoteAddress: '127.0.0.1',
  requestId: 'r-1',
  signal: new AbortController().signal,
  isGone: () => false,
};

/** A stream whose first message the protocol cannot write, or that fails by itself; and the server's log. */
async function failWith(error: Error, where: 'writing' | 'answering') {
  const logged: string[] = [];
  let isLeft = false;
  async function* answers() {
    try {
      yield create(StreamLogsResponseSchema, {});
      if (where === 'answering') throw error;
    } finally {
      isLeft = true;
    }
  }
  const handlers = { streamLogs: answers } as unknown as ServiceHandlers<typeof LogService>;
  const log = createLog({ level: 'error', format: 'json' }, { write: (line) => logged.push(line) });
  const around = { tokens: noTokens, waitingCallers: new WaitingCallers(noTokens), log };
  const procedure = serviceProcedures(LogService, handlers, around).find(({ method }) => method.name === 'StreamLogs');
  if (procedure === undefined) throw new Error('no such method');
  const stream = procedure.converse((async function* () {})(), await procedure.admit(context))[Symbol.asyncIterator]();
  await stream.next();
  const ended = where === 'writing' ? stream.throw?.(error) : stream.next();
  const refusal = await Promise.resolve(ended).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { logged, isLeft, code: refusal instanceof ApiError ? refusal.code : null };
}

function nodeError(code: string): Error {
  return Object.assign(new Error('The stream has been destroyed'), { code });
}

test.each(['ERR_HTTP2_INVALID_STREAM', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'])(
  'a message that cannot be written because the caller has disconnected (%s) ends the stream and is not a bug',
  async (code) => {
    expect(await failWith(nodeError(code), 'writing')).toEqual({ logged: [], isLeft: true, code: 'cancelled' });
  },
);

test('a message that cannot be written for any other reason is a bug', async () => {
  const { logged, isLeft, code } = await failWith(new TypeError('not bytes'), 'writing');
  expect({ isLeft, code, lines: logged.length }).toEqual({ isLeft: true, code: 'internal', lines: 1 });
  expect(logged[0]).toContain('not bytes');
});

test('a broken connection of the server itself is not attributed to the caller', async () => {
  const { logged, code } = await failWith(nodeError('ECONNRESET'), 'answering');
  expect({ code, lines: logged.length }).toEqual({ code: 'internal', lines: 1 });
});
