import { StreamUnavailableError } from '../grpc/errors.js';
import { StreamTransport } from '../grpc/stream-transport.js';
import { HttpTransport } from '../http/http-transport.js';
import { USER_AGENT } from '../http/user-agent.js';
import type { FailureReport, Intake, Transport, WorkerDescription } from '../transport.js';
import type { LogChunk, Outputs } from '../wire.js';

export interface ChosenTransportOptions {
  readonly serverUrl: string;
  readonly authorization: string | null;
  readonly ca: string | null;
  readonly transport: 'stream' | 'http';
  /** Called once, when the stream is not available and plain HTTP replaces it. */
  onFallback(why: string): void;
}

/** The stream, until it turns out to be unavailable; plain HTTP from then on, or from the start if requested. */
export class ChosenTransport implements Transport {
  readonly #onFallback: (why: string) => void;
  readonly #http: HttpTransport;
  #stream: StreamTransport | null;

  constructor({ serverUrl, authorization, ca, transport, onFallback }: ChosenTransportOptions) {
    const http = new HttpTransport({ serverUrl, authorization, ca });
    this.#http = http;
    this.#onFallback = onFallback;
    this.#stream =
      transport === 'http'
        ? null
        : new StreamTransport({
            serverUrl,
            authorization,
            ca,
            userAgent: USER_AGENT,
            answersHttp: (worker) => http.answers(worker),
          });
  }

  register(worker: WorkerDescription): Promise<void> {
    return this.#orFallBack((transport) => transport.register(worker));
  }

  takeJobs(intake: Intake): Promise<void> {
    return this.#orFallBack((transport) => transport.takeJobs(intake));
  }

  pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void> {
    return this.#current.pushLogs(leaseId, chunks);
  }

  complete(leaseId: string, outputs: Outputs): Promise<void> {
    return this.#current.complete(leaseId, outputs);
  }

  fail(leaseId: string, failure: FailureReport): Promise<void> {
    return this.#current.fail(leaseId, failure);
  }

  release(leaseId: string): Promise<void> {
    return this.#current.release(leaseId);
  }

  close(): void {
    this.#stream?.close();
    this.#http.close();
  }

  get #current(): Transport {
    return this.#stream ?? this.#http;
  }

  async #orFallBack(use: (transport: Transport) => Promise<void>): Promise<void> {
    try {
      await use(this.#current);
    } catch (error) {
      if (!(error instanceof StreamUnavailableError) || this.#stream === null) throw error;
      this.#stream.close();
      this.#stream = null;
      this.#onFallback(error.message);
      await use(this.#http);
    }
  }
}
