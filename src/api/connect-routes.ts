import type { DescMethod, Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { ErrorDetailSchema } from '../../gen/workflowgraph/v1/types_pb.js';
import { toErrorDetail } from './convert/error-detail.js';
import { ApiError, authenticateChallenge, retryAfterSecs } from './errors.js';
import { fixConnectErrors } from './fix-connect-errors.js';
import { healthService } from './health-service.js';
import { requestBytesMax } from './message-limits.js';
import type { Call, CallContext, Procedure } from './procedure.js';
import type { Readiness } from './readiness.js';
import { reflectionService } from './reflection-service.js';

/**
 * Connect, gRPC and gRPC-Web over the procedures. The library implements the three protocols. Its gate authorizes the
 * caller before a request is read, and the call keeps the result.
 */

/** What the HTTP server knows about a request and the library does not pass on. */
export interface Arrival {
  readonly remoteAddress: string;
  readonly requestId: string;
  readonly session: string | null;
  readonly basePath: string;
}

export const arrivalKey = createContextKey<Arrival>(
  { remoteAddress: '', requestId: '', session: null, basePath: '/' },
  { description: 'arrival' },
);

const callKey = createContextKey<Call | null>(null, { description: 'admitted call' });

/** Services of gRPC itself, public on every server. */
const publicServices = [Health, ServerReflection, ServerReflectionAlpha] as const;

/** Registers every procedure, the health service and reflection. */
export function connectRoutes(router: ConnectRouter, procedures: readonly Procedure[], readiness: Readiness): void {
  const services = new Set(procedures.map(({ method }) => method.parent));
  const names = new Set([...services].map(({ typeName }) => typeName));
  router.service(Health, healthService(readiness, names), { readMaxBytes: 4096 });
  const reflection = reflectionService([...services, ...publicServices]);
  router.service(ServerReflection, reflection, { readMaxBytes: 4096 });
  router.service(ServerReflectionAlpha, reflection, { readMaxBytes: 4096 });

  for (const procedure of procedures) {
    const { method } = procedure;
    const options = { readMaxBytes: requestBytesMax(method) };
    if (method.methodKind === 'unary') {
      router.rpc(method as DescMethod & { methodKind: 'unary' }, unary(procedure), options);
    } else if (method.methodKind === 'server_streaming') {
      router.rpc(method as DescMethod & { methodKind: 'server_streaming' }, serverStream(procedure), options);
    } else {
      router.rpc(method as DescMethod & { methodKind: 'bidi_streaming' }, conversation(procedure), options);
    }
  }
  router.handlers.splice(0, router.handlers.length, ...router.handlers.map(fixConnectErrors));
}

/** The path of a method for Connect, gRPC and gRPC-Web. */
export function rpcPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/**
 * The paths of `connectRoutes`: the policies of procedures are in the proto, and the services of gRPC itself are
 * public.
 */
export function rpcPaths(procedures: readonly Procedure[]): ReadonlySet<string> {
  const methods = [...procedures.map(({ method }) => method), ...publicServices.flatMap(({ methods }) => methods)];
  return new Set(methods.map(rpcPath));
}

/** Refuses unauthorized callers before their request is read. Methods other than the procedures pass. */
export function connectGate(procedures: readonly Procedure[], stopping: AbortSignal) {
  const byMethod = new Map<DescMethod, Procedure>(procedures.map((procedure) => [procedure.method, procedure]));
  return async (context: HandlerContext): Promise<void> => {
    const procedure = byMethod.get(context.method);
    if (procedure === undefined) return;
    try {
      context.values.set(callKey, await procedure.admit(callContext(context, stopping)));
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

function unary({ call }: Procedure) {
  return async (request: Message, context: HandlerContext): Promise<Message> => {
    try {
      return await call(request, admitted(context));
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

function serverStream({ stream }: Procedure) {
  return async function* (request: Message, context: HandlerContext): AsyncIterable<Message> {
    try {
      const items = await stream(request, admitted(context));
      if (items !== null) yield* items;
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

function conversation({ converse }: Procedure) {
  return async function* (requests: AsyncIterable<Message>, context: HandlerContext): AsyncIterable<Message> {
    try {
      yield* converse(readable(requests), admitted(context));
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

/** The messages of a caller. An unreadable or aborted one is the caller's mistake and not a bug. */
async function* readable(requests: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    yield* requests;
  } catch (error) {
    if (error instanceof ConnectError) {
      const code = error.code === Code.ResourceExhausted ? 'too_large' : 'malformed';
      throw new ApiError(code, error.rawMessage, { cause: error });
    }
    throw new ApiError('malformed', 'the stream was aborted', { cause: error });
  }
}

function admitted(context: HandlerContext): Call {
  const call = context.values.get(callKey);
  if (call === null) throw new Error(`${context.method} was called past its gate`);
  return call;
}

const protocols: Readonly<Record<string, CallContext['protocol']>> = { grpc: 'grpc', 'grpc-web': 'grpc-web' };

function callContext(context: HandlerContext, stopping: AbortSignal): CallContext {
  const { remoteAddress, requestId, session, basePath } = context.values.get(arrivalKey);
  return {
    protocol: protocols[context.protocolName] ?? 'connect',
    authorization: context.requestHeader.get('authorization'),
    session,
    basePath,
    traceparent: context.requestHeader.get('traceparent'),
    remoteAddress,
    requestId,
    signal: context.signal,
    // A stopping server aborts too, but its callers are still connected. After a deadline no caller waits.
    isGone: () => context.signal.aborted && !stopping.aborted,
  };
}

function toConnectError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const comeAgain = retryAfterSecs(error.code);
  const metadata = {
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': authenticateChallenge } : {}),
    ...(comeAgain === null ? {} : { 'retry-after': String(comeAgain) }),
  };
  const detail = toErrorDetail(error);
  const details = detail === null ? undefined : [{ desc: ErrorDetailSchema, value: detail }];
  return new ConnectError(error.message, error.connectCode, metadata, details);
}
