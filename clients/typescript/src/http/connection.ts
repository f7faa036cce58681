import * as http from 'node:http';
import * as https from 'node:https';

/**
 * Requests to one server over kept-alive connections.
 *
 * This file imports nothing from the package, because the heartbeat thread loads it alone.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, beginning with `/`. */
  readonly path: string;
  /** Sent as it is, with `contentType`. */
  readonly body?: string;
  /** `application/json` when absent. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** From the call to the end of the response. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** The header `Link`, which names the next page of a list; null without one. */
  readonly link?: string | null;
}

export interface HttpConnectionOptions {
  /** `http://` or `https://`, host, port, and a path prefix if there is one. */
  readonly serverUrl: string;
  /** The value of the header of this name. */
  readonly authorization?: string | null;
  /** Certificates (PEM) to trust instead of those that Node.js trusts. */
  readonly ca?: string | null;
  readonly userAgent: string;
}

/** A longer response is refused rather than kept in memory. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export class HttpConnection {
  readonly #base: URL;
  readonly #prefix: string;
  readonly #agent: http.Agent;
  readonly #headers: Readonly<Record<string, string>>;

  /** Throws a TypeError for an invalid server URL. */
  constructor(options: HttpConnectionOptions) {
    this.#base = parseServerUrl(options.serverUrl);
    this.#prefix = this.#base.pathname.replace(/\/+$/, '');
    const agentOptions = { keepAlive: true, noDelay: true };
    const { ca } = options;
    this.#agent =
      this.#base.protocol === 'https:'
        ? new https.Agent({ ...agentOptions, ...(ca ? { ca } : {}) })
        : new http.Agent(agentOptions);
    this.#headers = {
      'user-agent': options.userAgent,
      accept: 'application/json',
      ...(options.authorization ? { authorization: options.authorization } : {}),
    };
  }

  /**
   * Sends a request and reads the whole response, whatever its status.
   *
   * A server can close an idle connection just as it is reused. The request is then repeated on another connection,
   * which is safe because every call of the API can be repeated.
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const deadline = performance.now() + request.timeoutMs;
    for (;;) {
      const message = await this.#send(request, deadline).catch((error: unknown) => error);
      if (!(message instanceof StaleConnection)) {
        if (message instanceof http.IncomingMessage) return await readAnswer(message, request, deadline);
        throw message;
      }
    }
  }

  /** Sends a request and streams the response. The timeout applies until its headers arrive. */
  async stream(request: HttpRequest): Promise<http.IncomingMessage> {
    const deadline = performance.now() + request.timeoutMs;
    for (;;) {
      const message = await this.#send(request, deadline).catch((error: unknown) => error);
      if (message instanceof http.IncomingMessage) return message;
      if (!(message instanceof StaleConnection)) throw message;
    }
  }

  /** Closes all connections; pending requests fail. */
  close(): void {
    this.#agent.destroy();
  }

  #send(request: HttpRequest, deadline: number): Promise<http.IncomingMessage> {
    const { body } = request;
    const headers: Record<string, string | number> = { ...this.#headers, ...request.headers };
    if (body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    } else if (request.method === 'POST') {
      headers['content-length'] = 0;
    }
    return new Promise((resolve, reject) => {
      const send = this.#base.protocol === 'https:' ? https.request : http.request;
      const outgoing = send({
        agent: this.#agent,
        protocol: this.#base.protocol,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port,
        method: request.method,
        path: this.#prefix + request.path,
        headers,
        ...(request.signal ? { signal: request.signal } : {}),
      });
      const timer = setTimeout(
        () => outgoing.destroy(timeoutError(request)),
        Math.max(1, deadline - performance.now()),
      );
      outgoing.once('response', (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale ? new StaleConnection() : error);
      });
      outgoing.end(body);
    });
  }
}

/** A reused connection turned out to be closed. */
class StaleConnection extends Error {}

function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`"${text}" is not a server's URL: write it as http://host:port or https://host`);
  }
  return url;
}

function timeoutError(request: HttpRequest): Error {
  const text = `no answer to ${request.method} ${request.path} within ${request.timeoutMs} ms`;
  return Object.assign(new Error(text), { code: 'ETIMEDOUT' });
}

function readAnswer(message: http.IncomingMessage, request: HttpRequest, deadline: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => message.destroy(timeoutError(request)), Math.max(1, deadline - performance.now()));
    message.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > ANSWER_BYTES_MAX) {
        message.destroy(Object.assign(new Error('the answer is too long'), { code: 'EMSGSIZE' }));
        return;
      }
      pieces.push(piece);
    });
    message.once('end', () => {
      clearTimeout(timer);
      const { link } = message.headers;
      resolve({
        status: message.statusCode ?? 0,
        text: Buffer.concat(pieces).toString('utf8'),
        link: typeof link === 'string' ? link : null,
      });
    });
    message.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
