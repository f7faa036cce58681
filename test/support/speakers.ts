import { type DescMethod, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { Client, credentials, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { JobServiceService } from '@workflow-graph/client/gen/workflowgraph/v1/job_service';
import { LogServiceService } from '@workflow-graph/client/gen/workflowgraph/v1/log_service';
import { ErrorDetail, ErrorReason } from '@workflow-graph/client/gen/workflowgraph/v1/types';
import { WorkerServiceService } from '@workflow-graph/client/gen/workflowgraph/v1/worker_service';
import { WorkflowServiceService } from '@workflow-graph/client/gen/workflowgraph/v1/workflow_service';
import { onTestFinished } from 'vitest';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { ErrorDetailSchema } from '../../gen/workflowgraph/v1/types_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';

/** Every method of the API, with the message types of ts-proto: snake_case, numbers. */
export const methods = {
  ...JobServiceService,
  ...LogServiceService,
  ...WorkerServiceService,
  ...WorkflowServiceService,
};

type Unary<Q, A> = Omit<MethodDefinition<Q, A>, 'requestDeserialize' | 'responseSerialize'>;

/** Calls a method over one protocol. Errors: `Refused`. */
export type Speaker = <Q, A>(method: Unary<Q, A>, request: Q) => Promise<A>;

/** An error response, independent of the protocol. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** For example `lease_expired`; null if absent. */
  readonly reason: string | null;
  /** `field line:column message` of each problem. */
  readonly problems: readonly string[];

  constructor(message: string, detail: ErrorDetail | null) {
    super(message);
    const name = Object.entries(ErrorReason).find(([, number]) => number === detail?.reason)?.[0] ?? '';
    const reason = name.replace('ERROR_REASON_', '').toLowerCase();
    this.reason = reason === '' || reason === 'unspecified' ? null : reason;
    this.problems = (detail?.problems ?? []).map((one) => `${one.field} ${one.line}:${one.column} ${one.message}`);
  }
}

/** The protocols other than the documented JSON paths, by name. */
export function speakers(url: string): Readonly<Record<string, Speaker>> {
  return {
    'Connect with JSON': overTransport(createConnectTransport({ baseUrl: url, httpVersion: '1.1' })),
    'Connect with protobuf': overTransport(
      createConnectTransport({ baseUrl: url, httpVersion: '2', useBinaryFormat: true }),
    ),
    'gRPC by Connect': overTransport(createGrpcTransport({ baseUrl: url })),
    'gRPC by grpc-js': overGrpcJs(url),
    'gRPC-Web': overTransport(createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' })),
  };
}

function overGrpcJs(url: string): Speaker {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  onTestFinished(() => client.close());
  return (method, request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error: ServiceError | null, answer) => {
          if (answer !== undefined) resolve(answer);
          else reject(new Refused(error?.details ?? '', detailOf(error?.metadata.get('grpc-status-details-bin')[0])));
        },
      );
    });
}

const descriptors = new Map<string, DescMethod>(
  [JobService, LogService, WorkerService, WorkflowService].flatMap((service) =>
    service.methods.map((method) => [`/${service.typeName}/${method.name}`, method] as const),
  ),
);

function overTransport(transport: Transport): Speaker {
  return async (method, request) => {
    const descriptor = descriptors.get(method.path);
    if (descriptor === undefined || descriptor.methodKind !== 'unary') throw new Error(`${method.path} is not unary`);
    const unary = descriptor as DescMethodUnary;
    const message = fromBinary(unary.input, method.requestSerialize(request));
    try {
      const answer = await transport.unary(unary, undefined, undefined, undefined, message);
      return method.responseDeserialize(Buffer.from(toBinary(unary.output, answer.message)));
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      const [detail] = error.findDetails(ErrorDetailSchema);
      throw new Refused(
        error.rawMessage,
        detail === undefined ? null : ErrorDetail.decode(toBinary(ErrorDetailSchema, detail)),
      );
    }
  };
}

/** The detail in a `google.rpc.Status`: field 3 is a list of `Any`, whose field 2 is the message. */
function detailOf(status: Buffer | string | undefined): ErrorDetail | null {
  if (status === undefined || typeof status === 'string') return null;
  const any = fieldOf(status, 3);
  const value = any === null ? null : fieldOf(any, 2);
  return value === null ? null : ErrorDetail.decode(value);
}

function fieldOf(message: Uint8Array, number: number): Uint8Array | null {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === number) return reader.bytes();
    reader.skip(type);
  }
  return null;
}
