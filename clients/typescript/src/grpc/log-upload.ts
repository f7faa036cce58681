import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { WorkflowGraphError } from '../errors.js';
import type { StreamLogsRequest, StreamLogsResponse } from '../gen/workflowgraph/v1/log_service.js';
import type { LogChunk as WireChunk } from '../gen/workflowgraph/v1/types.js';
import type { LogChunk } from '../wire.js';
import { SessionEndedError } from './job-session.js';
import { logStream, reasonName } from './wire-names.js';

/** A push that gets no response within this time ends the stream, so that it is resent. */
const ANSWER_MS_MAX = 30_000;

interface OpenPush {
  readonly leaseId: string;
  readonly lastSequence: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One StreamLogs call: pushes of all jobs; each resolves when the server confirms that it is durable. */
export class LogUpload {
  readonly #call: ClientDuplexStream<StreamLogsRequest, StreamLogsResponse>;
  #pushes: OpenPush[] = [];
  #end: ServiceError | null | undefined;

  constructor(call: ClientDuplexStream<StreamLogsRequest, StreamLogsResponse>) {
    this.#call = call;
    call.on('data', (answer: StreamLogsResponse) => this.#receive(answer));
    call.on('error', (error: ServiceError) => this.#ended(error));
    call.on('end', () => this.#ended(null));
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /**
   * Resolves when the chunks are durable. Throws a WorkflowGraphError if the lease accepts no more, and a
   * SessionEndedError if the stream ended first.
   */
  push(leaseId: string, chunks: readonly LogChunk[]): Promise<void> {
    if (!this.isOpen) return Promise.reject(new SessionEndedError(this.#end ?? null));
    const lastSequence = chunks.reduce((most, { sequence }) => Math.max(most, sequence), 0);
    const patience = setTimeout(() => this.#call.cancel(), ANSWER_MS_MAX);
    return new Promise<void>((resolve, reject) => {
      this.#pushes.push({ leaseId, lastSequence, resolve, reject });
      this.#call.write({ lease_id: leaseId, chunks: chunks.map(toWireChunk) });
    }).finally(() => clearTimeout(patience));
  }

  close(): void {
    this.#call.end();
    setTimeout(() => this.#call.cancel(), 1_000).unref();
  }

  #receive({ lease_id, durable_sequence, refused }: StreamLogsResponse): void {
    const settled = this.#pushes.filter(
      (push) => push.leaseId === lease_id && (refused !== undefined || push.lastSequence <= durable_sequence),
    );
    this.#pushes = this.#pushes.filter((push) => !settled.includes(push));
    for (const push of settled) {
      if (refused === undefined) push.resolve();
      else push.reject(leaseIsGone(reasonName(refused)));
    }
  }

  #ended(error: ServiceError | null): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    for (const push of this.#pushes.splice(0)) push.reject(new SessionEndedError(error));
  }
}

/** A chunk in the binary form; its run and job are read from the lease. */
export function toWireChunk(chunk: LogChunk): WireChunk {
  const { sequence, data, timestamp_ms, stream } = chunk;
  return { workflow_id: '', job_id: '', sequence, data, timestamp_ms, stream: logStream(stream), attempt: 0 };
}

function leaseIsGone(reason: string | null): WorkflowGraphError {
  return new WorkflowGraphError({ status: 409, code: 'conflict', reason, message: 'the lease takes no more output' });
}
