import { Agent, request as httpRequest } from 'node:http';
import type { FuzzRequest } from './requests.js';

export interface FuzzAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Sends requests unchanged, which `fetch` would normalize, over a few connections. */
export class Sender {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#port = port;
  }

  send({ verb, target, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
    const request = httpRequest(
      {
        agent: this.#agent,
        port: this.#port,
        host: '127.0.0.1',
        method: verb,
        path: target,
        headers: withLength(headers, body),
      },
      (response) => {
        const contentType = response.headers['content-type'] ?? '';
        let text = '';
        const done = () => resolve({ status: response.statusCode ?? 0, contentType, text });
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          // An event stream does not end; its first bytes are enough.
          if (contentType.startsWith('text/event-stream')) {
            done();
            request.destroy();
          }
        });
        response.on('end', done).on('error', reject);
      },
    );
    request.on('error', reject).end(body ?? undefined);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Node sends the body of some methods without its length, and the server reads it as the next request. */
function withLength(headers: FuzzRequest['headers'], body: FuzzRequest['body']): FuzzRequest['headers'] {
  const isFramed = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  return body === null || isFramed ? headers : { ...headers, 'content-length': String(body.length) };
}
