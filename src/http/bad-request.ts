import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, errorJson } from '../api/errors.js';

const answers = new Map<string, { status: number; code: string; message: string }>([
  ['HPE_HEADER_OVERFLOW', { status: 431, code: 'too_large', message: 'the headers of the request are too large' }],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, code: 'request_timeout', message: 'the request took too long to arrive' },
  ],
]);

const malformed = { status: 400, code: 'malformed', message: 'this is not a valid HTTP request' };

/** Answers a request that the HTTP/1.1 parser could not read, or did not get in time, and closes the connection. */
export function answerBadRequest(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy(error);
    return;
  }
  const { status, code, message } = answers.get(error.code ?? '') ?? malformed;
  const body = JSON.stringify({ code, message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Answers a request with an `Expect` header other than `100-continue`. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { expect = '' } = request.headers;
  const shown = JSON.stringify(expect.slice(0, 100));
  const error = new ApiError('expectation_failed', `the header Expect: ${shown} is not supported; leave it out`);
  const body = errorJson(error);
  response.writeHead(error.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
