import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** The bytes of a request, written once and sent repeatedly. Path and body must be ASCII. */
export function requestText(method: 'GET' | 'POST', path: string, body: string | null): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`;
  if (body === null) return `${head}Content-Length: 0\r\n\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const bufferBytes = 64 * 1024;
const headEnd = '\r\n\r\n';

/**
 * One HTTP/1.1 connection with one request in flight: a minimal client, because it shares the processor with the
 * measured server. It reads only ASCII responses with a `Content-Length`.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | null = null;
  #ended: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    const buffer = Buffer.allocUnsafe(bufferBytes);
    return new Promise((resolve, reject) => {
      // Nothing can be received before the connection is established.
      let read: (text: string) => void = () => {};
      const socket = connect({
        host: hostname,
        port: Number(port),
        noDelay: true,
        onread: {
          buffer,
          callback(bytes) {
            read(buffer.toString('latin1', 0, bytes));
            return true;
          },
        },
      });
      const opened = new HttpConnection(socket);
      read = (text) => opened.#read(text);
      socket.once('connect', () => resolve(opened));
      socket.on('error', (error) => {
        opened.#end(error);
        reject(error);
      });
      socket.on('close', () => opened.#end(new Error('the server closed the connection')));
    });
  }

  /** Sends one request and waits for its response. Errors: the connection ended, or a request is in flight. */
  send(request: string): Promise<HttpAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#waiting !== null) return Promise.reject(new Error('a request is in flight on this connection'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #read(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text;
    const at = this.#received.indexOf(headEnd);
    if (at < 0) return;
    const bodyAt = at + headEnd.length;
    const length = contentLength(this.#received, at);
    if (length === null) {
      this.#end(new Error('an answer without Content-Length'));
      this.close();
      return;
    }
    if (this.#received.length < bodyAt + length) return;
    const answer = {
      status: Number(this.#received.slice(9, 12)),
      body: this.#received.slice(bodyAt, bodyAt + length),
    };
    this.#received = this.#received.slice(bodyAt + length);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }
}

function contentLength(text: string, headLength: number): number | null {
  let at = text.indexOf('\r\ncontent-length: ');
  if (at < 0 || at > headLength) at = text.indexOf('\r\nContent-Length: ');
  if (at < 0 || at > headLength) return null;
  return Number.parseInt(text.slice(at + 18, at + 30), 10);
}
