import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const answers = new Map<string, { status: number; code: string; message: string }>([
  ['HPE_HEADER_OVERFLOW', { status: 431, code: 'too_large', message: 'the headers of the request are too large' }],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, code: 'request_timeout', message: 'the request took too long to arrive' },
  ],
]);

const malformed = { status: 400, code: 'malformed', message: 'this is not an HTTP request that can be understood' };

/** Answers what the HTTP/1.1 parser could not read, or did not get in time, and closes the connection. */
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
