import {
  type CallOptions,
  Channel,
  type ChannelCredentials,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { JobServiceClient } from '../gen/workflowgraph/v1/job_service.js';
import { LogServiceClient } from '../gen/workflowgraph/v1/log_service.js';
import { WorkerServiceClient } from '../gen/workflowgraph/v1/worker_service.js';
import { WorkflowServiceClient } from '../gen/workflowgraph/v1/workflow_service.js';
import { fromServiceError } from './errors.js';

/** Timeout of a call that is not a stream. */
const CALL_TIMEOUT_MS = 30_000;

export interface ChannelOptions {
  /** `http://` or `https://`, host and port. */
  readonly serverUrl: string;
  /** The value of the header of this name; null without one. */
  readonly authorization: string | null;
  /** Certificates (PEM) to trust instead of those that Node.js trusts. */
  readonly ca: string | null;
  readonly userAgent: string;
}

/**
 * One gRPC connection to a server. It shares nothing with other channels of the process, so a new one connects at once,
 * regardless of the state of earlier ones.
 */
export class GrpcChannel {
  readonly serverUrl: string;
  readonly jobs: JobServiceClient;
  readonly logs: LogServiceClient;
  readonly workers: WorkerServiceClient;
  readonly workflows: WorkflowServiceClient;
  /** Metadata of every call. */
  readonly metadata: Metadata;
  readonly #channel: Channel;

  constructor({ serverUrl, authorization, ca, userAgent }: ChannelOptions) {
    this.serverUrl = serverUrl;
    const { target, channelCredentials } = grpcTarget(serverUrl, ca);
    this.#channel = new Channel(target, channelCredentials, {
      'grpc.primary_user_agent': userAgent,
      // Detects a dead idle connection within fifteen seconds.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 250,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // One message can have the commands and upstream outputs of many jobs.
      'grpc.max_receive_message_length': -1,
      // As with plain HTTP, connect directly to the server's URL.
      'grpc.enable_http_proxy': 0,
    });
    const options = { channelOverride: this.#channel };
    this.jobs = new JobServiceClient(target, channelCredentials, options);
    this.logs = new LogServiceClient(target, channelCredentials, options);
    this.workers = new WorkerServiceClient(target, channelCredentials, options);
    this.workflows = new WorkflowServiceClient(target, channelCredentials, options);
    this.metadata = new Metadata();
    if (authorization !== null) this.metadata.set('authorization', authorization);
  }

  /** A unary call. Throws a WorkflowGraphError or a ServerUnreachableError. */
  unary<Answer>(
    send: (
      metadata: Metadata,
      options: Partial<CallOptions>,
      callback: (error: ServiceError | null, answer: Answer) => void,
    ) => ClientUnaryCall,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      send(this.metadata, { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(fromServiceError(error, this.serverUrl));
      });
    });
  }

  close(): void {
    this.#channel.close();
  }
}

/** Whether a URL supports gRPC: its calls cannot have a path prefix. */
export function hasGrpcTarget(serverUrl: string): boolean {
  return URL.canParse(serverUrl) && new URL(serverUrl).pathname.replace(/\/+$/, '') === '';
}

function grpcTarget(serverUrl: string, ca: string | null): { target: string; channelCredentials: ChannelCredentials } {
  const url = new URL(serverUrl);
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : url.port;
  return {
    target: `${url.hostname}:${port}`,
    channelCredentials: isSecure
      ? credentials.createSsl(ca === null ? null : Buffer.from(ca))
      : credentials.createInsecure(),
  };
}
