import type { StreamTransport } from '../grpc/stream-transport.js';
import { StreamUnavailableError } from '../grpc/stream-unavailable.js';
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

/**
 * The stream, until it turns out to be unavailable; plain HTTP from then on, or from the start if requested.
 * The code of gRPC is loaded only for a stream: it is larger than everything else here.
 */
export class ChosenTransport implements Transport {
  readonly #onFallback: (why: string) => void;
  readonly #http: HttpTransport;
  #stream: Promise<StreamTransport> | null;

  constructor({ onFallback, transport, ...server }: ChosenTransportOptions) {
    this.#http = new HttpTransport(server);
    this.#onFallback = onFallback;
    this.#stream = transport === 'http' ? null : openStream(server, this.#http);
  }

  register(worker: WorkerDescription): Promise<void> {
    return this.#orFallBack((transport) => transport.register(worker));
  }

  takeJobs(intake: Intake): Promise<void> {
    return this.#orFallBack((transport) => transport.takeJobs(intake));
  }

  async pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void> {
    return (await this.#current()).pushLogs(leaseId, chunks);
  }

  async complete(leaseId: string, outputs: Outputs): Promise<void> {
    return (await this.#current()).complete(leaseId, outputs);
  }

  async fail(leaseId: string, failure: FailureReport): Promise<void> {
    return (await this.#current()).fail(leaseId, failure);
  }

  async release(leaseId: string): Promise<void> {
    return (await this.#current()).release(leaseId);
  }

  close(): void {
    void this.#stream?.then((stream) => stream.close());
    this.#http.close();
  }

  async #current(): Promise<Transport> {
    return this.#stream ?? this.#http;
  }

  async #orFallBack(use: (transport: Transport) => Promise<void>): Promise<void> {
    try {
      await use(await this.#current());
    } catch (error) {
      if (!(error instanceof StreamUnavailableError) || this.#stream === null) throw error;
      void this.#stream.then((stream) => stream.close());
      this.#stream = null;
      this.#onFallback(error.message);
      await use(this.#http);
    }
  }
}

type ServerOptions = Pick<ChosenTransportOptions, 'serverUrl' | 'authorization' | 'ca'>;

async function openStream(server: ServerOptions, http: HttpTransport): Promise<StreamTransport> {
  const { StreamTransport } = await import('../grpc/stream-transport.js');
  return new StreamTransport({ ...server, userAgent: USER_AGENT, answersHttp: (worker) => http.answers(worker) });
}
