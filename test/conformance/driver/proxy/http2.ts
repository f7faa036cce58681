import * as http2 from 'node:http2';
import { MessageCutter, operationsIn, withUnknownFields } from './grpc-messages.js';
import { type Operation, operationAt } from './operations.js';
import type { Traffic } from './traffic.js';

const endStreamFlag = 1;
const unimplemented = 12;
const unavailable = 14;

/**
 * Forwards gRPC calls message by message and injects their faults. Each client connection has its own connection to the
 * server.
 */
export function http2Proxy(traffic: Traffic): http2.Http2Server {
  const server = http2.createServer();
  server.on('session', (down) => {
    const up = http2.connect(`http://127.0.0.1:${traffic.serverPort()}`);
    up.on('error', () => down.destroy());
    up.on('goaway', () => down.close());
    up.on('close', () => down.destroy());
    down.on('error', () => {});
    down.on('close', () => up.destroy());
    down.on('stream', (stream, headers) => new PassedCall(traffic, down, stream).passTo(up, headers));
  });
  return server;
}

/** One forwarded call. */
class PassedCall {
  readonly #traffic: Traffic;
  readonly #session: http2.ServerHttp2Session;
  readonly #stream: http2.ServerHttp2Stream;
  #path = '';
  #operation: Operation = 'other';
  #trailers: http2.OutgoingHttpHeaders = {};
  /** A fault has ended the call: nothing more passes. */
  #isOver = false;

  constructor(traffic: Traffic, session: http2.ServerHttp2Session, stream: http2.ServerHttp2Stream) {
    this.#traffic = traffic;
    this.#session = session;
    this.#stream = stream;
    stream.on('error', () => {});
    stream.on('wantTrailers', () => stream.sendTrailers(this.#trailers));
  }

  passTo(up: http2.ClientHttp2Session, headers: http2.IncomingHttpHeaders): void {
    this.#path = String(headers[':path']);
    this.#operation = operationAt(this.#path);
    this.#traffic.saw(this.#operation);
    if (this.#isStream && this.#traffic.withoutStreams) this.#endWith(unimplemented, 'the stream does not exist');
    else if (!this.#isStream) this.#strikeRequest([this.#operation]);
    if (this.#isOver) return;
    if (up.closed || up.destroyed) {
      this.#session.destroy();
      return;
    }
    const call = up.request(headers, { endStream: false });
    this.#passRequests(call);
    this.#passAnswers(call);
  }

  get #isStream(): boolean {
    return /\/(WorkJobs|Stream\w+)$/.test(this.#path);
  }

  #passRequests(call: http2.ClientHttp2Stream): void {
    const cutter = new MessageCutter();
    this.#stream.on('data', (bytes: Buffer) => {
      for (const message of cutter.cut(bytes)) {
        if (!this.#isOver) this.#strikeRequest(operationsIn(this.#path, 'up', message));
        if (!this.#isOver) call.write(message);
        else call.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
    this.#stream.on('end', () => call.end());
    this.#stream.on('aborted', () => call.close(http2.constants.NGHTTP2_CANCEL));
  }

  #passAnswers(call: http2.ClientHttp2Stream): void {
    const stream = this.#stream;
    const cutter = new MessageCutter();
    call.on('error', () => {});
    call.on('response', ({ date: _, ...answer }, flags) => {
      if (this.#isOver || stream.destroyed) return;
      const isAll = (flags & endStreamFlag) !== 0;
      stream.respond(answer, isAll ? { endStream: true } : { waitForTrailers: true });
    });
    call.on('data', (bytes: Buffer) => {
      for (const message of cutter.cut(bytes)) {
        if (!this.#isOver) this.#strikeAnswer(message);
        if (this.#isOver) return;
        stream.write(this.#traffic.unknownFields ? withUnknownFields(message) : message);
      }
    });
    call.on('trailers', (trailers) => {
      this.#trailers = { ...trailers };
    });
    call.on('end', () => {
      if (!this.#isOver && stream.headersSent && !stream.writableEnded) stream.end();
    });
    call.on('close', () => {
      if (this.#isOver || stream.closed || stream.writableEnded) return;
      stream.close(call.rstCode === 0 ? http2.constants.NGHTTP2_INTERNAL_ERROR : call.rstCode);
    });
  }

  #strikeRequest(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const fault = this.#traffic.faults.take(operation, 'request', 'unavailable');
      if (fault === null) continue;
      this.#isOver = true;
      if (fault.at === 'request') this.#session.destroy();
      else this.#endWith(unavailable, 'try later');
      return;
    }
  }

  #strikeAnswer(message: Buffer): void {
    const operations = this.#isStream ? operationsIn(this.#path, 'down', message) : [this.#operation];
    for (const operation of operations) {
      const fault = this.#traffic.faults.take(operation, 'answer');
      if (fault === null) continue;
      this.#isOver = true;
      if (fault.after_bytes !== undefined) this.#stream.write(message.subarray(0, fault.after_bytes));
      setTimeout(() => this.#session.destroy(), fault.after_bytes === undefined ? 0 : 20);
      return;
    }
  }

  /** Ends the call with a gRPC status of the proxy, whether or not the response has begun. */
  #endWith(status: number, message: string): void {
    this.#isOver = true;
    this.#trailers = { 'grpc-status': String(status), 'grpc-message': message };
    const stream = this.#stream;
    if (stream.headersSent) stream.end();
    else {
      const head = { ':status': 200, 'content-type': 'application/grpc', ...this.#trailers };
      stream.respond(head, { endStream: true });
    }
    stream.resume();
  }
}
