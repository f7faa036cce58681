import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallContext } from '../api/procedure.js';
import type { BasePath } from './base-path.js';
import type { Drain } from './drain.js';
import { sessionOf } from './session-cookie.js';

/** A call on a documented path. Its signal is created on first use, because most calls do not need it. */
export class JsonCall implements CallContext {
  readonly protocol = 'json';
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #drain: Drain;
  readonly #basePathOf: BasePath;
  #controller: AbortController | null = null;

  constructor(request: FastifyRequest, reply: FastifyReply, drain: Drain, basePathOf: BasePath) {
    this.#request = request;
    this.#reply = reply;
    this.#drain = drain;
    this.#basePathOf = basePathOf;
  }

  get authorization(): string | null {
    return this.#request.headers.authorization ?? null;
  }

  get session(): string | null {
    return sessionOf(this.#request);
  }

  get basePath(): string {
    return this.#basePathOf(this.#request);
  }

  get traceparent(): string | null {
    const { traceparent } = this.#request.headers;
    return typeof traceparent === 'string' ? traceparent : null;
  }

  get remoteAddress(): string {
    return this.#request.ip;
  }

  get requestId(): string {
    return this.#request.id;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = this.#drain.join();
      this.#controller = controller;
      const end = () => {
        this.#drain.release(controller);
        controller.abort();
      };
      if (this.isGone()) end();
      else this.#reply.raw.once('close', end);
    }
    return this.#controller.signal;
  }

  isGone(): boolean {
    const { raw } = this.#reply;
    // For HTTP/2 the stream is destroyed, not Node's response object.
    return 'stream' in raw && isStream(raw.stream) ? raw.stream.destroyed : raw.destroyed;
  }
}

function isStream(value: unknown): value is { destroyed: boolean } {
  return typeof value === 'object' && value !== null && 'destroyed' in value;
}
