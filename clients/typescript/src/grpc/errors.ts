import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type Problem, ServerUnreachableError, WorkflowGraphError } from '../errors.js';
import { ErrorDetail } from '../gen/workflowgraph/v1/types.js';
import { certificateCodeIn } from '../untrusted-certificate.js';
import { reasonName } from './wire-names.js';

/** The HTTP form of each gRPC status. An absent status means that there was no response. */
const MEANINGS: ReadonlyMap<number, { readonly status: number; readonly code: string }> = new Map([
  [status.INVALID_ARGUMENT, { status: 400, code: 'malformed' }],
  [status.OUT_OF_RANGE, { status: 400, code: 'malformed' }],
  [status.FAILED_PRECONDITION, { status: 400, code: 'malformed' }],
  [status.UNAUTHENTICATED, { status: 401, code: 'unauthenticated' }],
  [status.PERMISSION_DENIED, { status: 403, code: 'forbidden' }],
  [status.NOT_FOUND, { status: 404, code: 'not_found' }],
  [status.ALREADY_EXISTS, { status: 409, code: 'conflict' }],
  [status.ABORTED, { status: 409, code: 'conflict' }],
  [status.RESOURCE_EXHAUSTED, { status: 413, code: 'too_large' }],
  [status.UNIMPLEMENTED, { status: 501, code: 'unimplemented' }],
  [status.INTERNAL, { status: 500, code: 'internal' }],
  [status.UNKNOWN, { status: 500, code: 'internal' }],
  [status.DATA_LOSS, { status: 500, code: 'damaged' }],
]);

/** Converts an error of the gRPC library to one of this package. */
export function fromServiceError(error: ServiceError, serverUrl: string): WorkflowGraphError | ServerUnreachableError {
  const meaning = MEANINGS.get(error.code);
  if (meaning === undefined) return new ServerUnreachableError(serverUrl, systemCode(error), error);
  const detail = readDetail(error);
  return new WorkflowGraphError({
    ...meaning,
    message: error.details === '' ? error.message : error.details,
    reason: detail === null ? null : reasonName(detail.reason),
    problems: (detail?.problems ?? []) as readonly Problem[],
  });
}

/** The library's message contains the system's error code, such as `ECONNREFUSED`. */
export function systemCode(error: ServiceError): string {
  const word = /\bE[A-Z]{4,}\b/.exec(error.details)?.[0] ?? certificateCodeIn(error.details);
  return word ?? status[error.code] ?? String(error.code);
}

/** Reads `grpc-status-details-bin`, a `google.rpc.Status` whose details (field 3) are `Any`s. */
function readDetail(error: ServiceError): ErrorDetail | null {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return null;
  try {
    for (const any of fieldsOf(bytes, 3)) {
      const [typeUrl] = fieldsOf(any, 1);
      const [value] = fieldsOf(any, 2);
      if (typeUrl !== undefined && /[/]workflowgraph[.]v1[.]ErrorDetail$/.test(Buffer.from(typeUrl).toString())) {
        return ErrorDetail.decode(value ?? new Uint8Array());
      }
    }
  } catch {
    // Details are for people; the status itself is what counts.
  }
  return null;
}

/** The length-delimited values of one field. */
function fieldsOf(bytes: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const values: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === field) values.push(reader.bytes());
    else reader.skip(wireType);
  }
  return values;
}
