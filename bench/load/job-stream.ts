import { type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import type { JobReport } from '@workflow-graph/client/gen/workflowgraph/v1/job_reports';
import {
  JobServiceClient,
  type WorkJobsRequest,
  type WorkJobsResponse,
} from '@workflow-graph/client/gen/workflowgraph/v1/job_service';
import type { Claim } from '@workflow-graph/client/gen/workflowgraph/v1/types';

export interface JobStreamEvents {
  /** Jobs were pushed. */
  readonly claimed: (claims: readonly Claim[]) => void;
  /** Reports were answered; the slots of the accepted ones are free again. */
  readonly reported: (count: number) => void;
  readonly failed: (error: Error) => void;
}

/**
 * A worker's session over gRPC on its own connection. Messages of one turn of the event loop are sent as one, as in the
 * worker libraries.
 */
export class JobStream {
  readonly #client: JobServiceClient;
  readonly #call: ClientDuplexStream<WorkJobsRequest, WorkJobsResponse>;
  #received: string[] = [];
  #reports: JobReport[] = [];
  #closed = false;

  constructor(url: string, workerId: string, slots: number, events: JobStreamEvents) {
    this.#client = new JobServiceClient(new URL(url).host, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#call = this.#client.workJobs();
    this.#call.on('data', ({ claims, results }: WorkJobsResponse) => {
      const refused = results.find((result) => result.refused !== undefined);
      if (refused !== undefined) events.failed(new Error(`a report was refused: ${refused.message}`));
      if (claims.length > 0) events.claimed(claims);
      if (results.length > 0) events.reported(results.length);
    });
    this.#call.on('error', (error) => {
      if (!this.#closed) events.failed(error);
    });
    this.#call.on('end', () => {
      if (!this.#closed) events.failed(new Error('the server ended the session'));
    });
    this.#call.write(
      message({
        hello: { worker_id: workerId, labels: [], slots, lease_ttl_secs: 60, version: '', only_labelled: false },
        add_credits: slots,
      }),
    );
  }

  /** Confirms that the job arrived, and reports success. */
  complete(leaseId: string): void {
    if (this.#reports.length === 0) setImmediate(() => this.#send());
    this.#received.push(leaseId);
    this.#reports.push({ lease_id: leaseId, success: { values: new Map() } });
  }

  #send(): void {
    if (this.#closed) return;
    this.#call.write(message({ received_lease_ids: this.#received, reports: this.#reports }));
    this.#received = [];
    this.#reports = [];
  }

  close(): void {
    this.#closed = true;
    this.#call.cancel();
    this.#client.close();
  }
}

function message(fields: Partial<WorkJobsRequest>): WorkJobsRequest {
  return { hello: undefined, add_credits: 0, received_lease_ids: [], reports: [], drain: false, ...fields };
}
