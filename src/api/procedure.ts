import type { DescMessage, DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';
import { DomainError } from '../domain/errors.js';
import type { Caller } from '../engine/engine.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { authenticate } from './authenticate.js';
import { ApiError, toApiError } from './errors.js';
import { isHangUp } from './hang-up.js';
import { type MethodPolicy, methodPolicy } from './method-options.js';
import type { Principal, TokenDirectory } from './principal.js';
import type { RefusedTokens } from './refused-tokens.js';
import { compileRules, validate } from './validate.js';
import type { WaitingCallers } from './waiting-callers.js';
import { whileAdmitted } from './while-admitted.js';

/** How a call reached the server, and what became of the caller since. Each protocol makes its own. */
export interface CallContext {
  readonly protocol: 'json' | 'connect' | 'grpc' | 'grpc-web';
  /** The `Authorization` header. */
  readonly authorization: string | null;
  /** The `traceparent` header. */
  readonly traceparent: string | null;
  readonly remoteAddress: string;
  /** Names this call in the log and in the answer to a bug. */
  readonly requestId: string;
  /** Aborts when the caller is gone, and when the server is about to stop. */
  readonly signal: AbortSignal;
  /** Whether nobody is there any more to read the answer. */
  isGone(): boolean;
}

/** A call whose caller is known and may make it. */
export interface Call {
  readonly context: CallContext;
  readonly principal: Principal;
  /** Asks again whether the caller may make the call, after a long wait. Throws `ApiError` when it may not any more. */
  askAgain(): Promise<void>;
  /** Calls back when it is doubtful, while he waits, whether `askAgain` would let him; the function returned ends that. */
  whileWaiting(doubt: () => void): () => void;
  readonly caller: Caller;
}

type MethodsOf<S extends DescService, Kind extends string> = {
  [K in keyof S['method']]: S['method'][K] extends { methodKind: Kind } ? K : never;
}[keyof S['method']];

type Input<M> = M extends { input: infer I extends DescMessage } ? MessageShape<I> : never;
type Output<M> = M extends { output: infer O extends DescMessage } ? MessageShape<O> : never;

/** One function per unary method of a service, and one per server-streaming method that is built. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in MethodsOf<S, 'unary'>]: (
    request: Input<S['method'][K]>,
    call: Call,
  ) => Promise<Output<S['method'][K]>>;
} & {
  readonly [K in MethodsOf<S, 'server_streaming'>]?: (
    request: Input<S['method'][K]>,
    call: Call,
  ) => Promise<AsyncIterable<Output<S['method'][K]>>>;
} & {
  readonly [K in MethodsOf<S, 'bidi_streaming'>]: (
    requests: AsyncIterable<Input<S['method'][K]>>,
    call: Call,
  ) => AsyncIterable<Output<S['method'][K]>>;
};

/**
 * One RPC method as every protocol calls it: first who calls and may they, before the request is read; then is the
 * request right, the verb, and what an error means. Nothing but `ApiError` is thrown.
 */
export interface Procedure {
  readonly method: DescMethod;
  readonly policy: MethodPolicy;
  admit(context: CallContext): Call | Promise<Call>;
  /** For unary methods. */
  call(request: Message, call: Call): Promise<Message>;
  /** For server-streaming methods. */
  stream(request: Message, call: Call): Promise<AsyncIterable<Message>>;
  /** For methods that stream both ways; each message is checked as it comes. */
  converse(requests: AsyncIterable<Message>, call: Call): AsyncIterable<Message>;
}

/** What every procedure works with. */
export interface ProcedureParts {
  readonly tokens: TokenDirectory;
  readonly log: Log;
  /** Told of every call, when there is somebody to tell. */
  readonly metrics?: Metrics;
  /** Told of calls whose token does not count, when there is somebody to tell. */
  readonly refusedTokens?: RefusedTokens;
  /** Those of the whole server. */
  readonly waitingCallers: WaitingCallers;
}

type AnyHandler = (request: Message, call: Call) => Promise<Message | AsyncIterable<Message>>;
type AnyConversation = (requests: AsyncIterable<Message>, call: Call) => AsyncIterable<Message>;

/** The procedures of a service; a method without a handler answers `unimplemented`. Throws when one has no policy. */
export function serviceProcedures<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  around: ProcedureParts,
): Procedure[] {
  // Each handler takes the message of its own method; the procedure passes no other.
  const byName = handlers as unknown as Readonly<Record<string, AnyHandler | undefined>>;
  return service.methods.map((method) => procedure(method, byName[method.localName] ?? null, around));
}

function procedure(
  method: DescMethod,
  handler: AnyHandler | null,
  { tokens, log, metrics, refusedTokens, waitingCallers }: ProcedureParts,
): Procedure {
  const name = `${method.parent.typeName}/${method.name}`;
  const policy = methodPolicy(method);
  compileRules(method.input);

  function admit(context: CallContext): Call | Promise<Call> {
    try {
      const principal = authenticate(tokens, context.authorization);
      if (principal instanceof Promise) return principal.then(permitted).catch(refused);
      return permitted(principal);
    } catch (error) {
      return refused(error);
    }

    function permitted(principal: Principal): Call {
      permit(policy, principal, name);
      return {
        context,
        principal,
        caller: { credential: principal.tokenId },
        askAgain: async () => {
          if (!tokens.stands(principal.tokenId)) await admit(context);
        },
        whileWaiting: (doubt) => {
          const waiting = { tokenId: principal.tokenId, doubt };
          waitingCallers.join(waiting);
          return () => waitingCallers.leave(waiting);
        },
      };
    }
    function refused(error: unknown): never {
      const isToken =
        context.authorization !== null && error instanceof DomainError && error.code === 'unauthenticated';
      if (isToken) refusedTokens?.note(context, performance.now());
      throw refusal(error, context);
    }
  }

  async function run(request: Message, call: Call): Promise<Message | AsyncIterable<Message>> {
    const startedAt = performance.now();
    const called = (code: string) => metrics?.called(name, call.context.protocol, code, performance.now() - startedAt);
    try {
      if (handler === null) throw new ApiError('unimplemented', `${name} is not implemented`);
      validate(method.input, request);
      const answer = await handler(request, call);
      called('ok');
      return answer;
    } catch (error) {
      const refused = refusal(error, call.context);
      called(refused.code);
      throw refused;
    }
  }

  /** Counts a stream while it is open. */
  async function* counted(items: AsyncIterable<Message>): AsyncIterable<Message> {
    const closed = metrics?.streamOpened(name);
    try {
      yield* items;
    } finally {
      closed?.();
    }
  }

  function refusal(error: unknown, context: CallContext): ApiError {
    return toApiError(error, context.requestId, (bug) =>
      log.error(
        { err: bug, method: name, request_id: context.requestId, protocol: context.protocol },
        'a call failed by a bug',
      ),
    );
  }

  return {
    method,
    policy,
    admit,
    call: run as Procedure['call'],
    stream: async (request, call) => {
      const items = (await run(request, call)) as AsyncIterable<Message>;
      const passed = counted(whileAdmitted(items, call));
      return withRefusals(passed, (error) => refusal(error, call.context));
    },
    converse: (requests, call) => {
      if (handler === null) throw new ApiError('unimplemented', `${name} is not implemented`);
      // A method that streams both ways has a handler that takes the stream of requests.
      const conversation = handler as unknown as AnyConversation;
      const items = conversation(validated(method.input, requests), call);
      const passed = counted(whileAdmitted(items, call));
      return withRefusals(passed, (error) => refusal(error, call.context));
    },
  };
}

function permit(policy: MethodPolicy, principal: Principal, name: string): void {
  if (policy === 'public' || principal.scopes.has('admin') || policy.some((scope) => principal.scopes.has(scope)))
    return;
  throw new DomainError(
    'forbidden',
    `the token ${JSON.stringify(principal.name)} lacks the scope for ${name}: it needs ${policy.join(' or ')}`,
  );
}

async function* validated(input: DescMessage, requests: AsyncIterable<Message>): AsyncIterable<Message> {
  for await (const request of requests) {
    validate(input, request);
    yield request;
  }
}

/** What is thrown at a `yield` comes from the protocol, which could not write the message. */
async function* withRefusals(
  items: AsyncIterable<Message>,
  refusal: (error: unknown) => ApiError,
): AsyncIterable<Message> {
  try {
    for await (const item of items) {
      try {
        yield item;
      } catch (error) {
        throw isHangUp(error) ? new ApiError('cancelled', 'the caller has gone', { cause: error }) : error;
      }
    }
  } catch (error) {
    throw refusal(error);
  }
}
