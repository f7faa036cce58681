import { asUnreachable, call, callForPage, errorOfAnswer } from './answer.js';
import type { HttpConnection, HttpRequest } from './connection.js';

/** A request but for its timeout. */
export type Request = Omit<HttpRequest, 'timeoutMs'>;

/** The calls of one client on the documented paths, each with the client's timeout. */
export class Calls {
  readonly #connection: HttpConnection;
  readonly #serverUrl: string;
  readonly #timeoutMs: number;

  constructor(connection: HttpConnection, serverUrl: string, timeoutMs: number) {
    this.#connection = connection;
    this.#serverUrl = serverUrl;
    this.#timeoutMs = timeoutMs;
  }

  get(path: string): Promise<unknown> {
    return this.make({ method: 'GET', path });
  }

  post(path: string, body: object): Promise<unknown> {
    return this.make({ method: 'POST', path, body: JSON.stringify(body) });
  }

  make(request: Request): Promise<unknown> {
    return call(this.#connection, this.#serverUrl, { ...request, timeoutMs: this.#timeoutMs });
  }

  /** A page of a list, with the offset of the next one; null without one. */
  page(path: string): Promise<{ readonly value: unknown; readonly nextOffset: number | null }> {
    return callForPage(this.#connection, this.#serverUrl, { method: 'GET', path, timeoutMs: this.#timeoutMs });
  }

  /** Streams the bytes of a response; null if it has none (204). */
  async stream(request: Request): Promise<AsyncIterable<Buffer> | null> {
    const known = (error: unknown) =>
      error instanceof Error && error.name === 'WorkflowGraphError' ? error : asUnreachable(error, this.#serverUrl);
    const timed = { ...request, timeoutMs: this.#timeoutMs };
    try {
      const answer = await this.#connection.stream(timed);
      const status = answer.statusCode ?? 0;
      if (status === 200) return pieces(answer);
      const text = Buffer.concat(await answer.toArray()).toString();
      if (status === 204) return null;
      throw errorOfAnswer({ status, text }, timed);
    } catch (error) {
      throw known(error);
    }

    async function* pieces(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      try {
        yield* answer;
      } catch (error) {
        throw known(error);
      }
    }
  }

  close(): void {
    this.#connection.close();
  }
}
