import type { DescMessage, DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';
import { DomainError } from '../domain/errors.js';
import type { Caller } from '../engine/engine.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { authenticate } from './authenticate.js';
import { endWhenUnauthorized } from './end-when-unauthorized.js';
import { ApiError, toApiError } from './errors.js';
import { isHangUp } from './hang-up.js';
import { type MethodPolicy, methodPolicy } from './method-options.js';
import { nobody, type Principal, type TokenDirectory } from './principal.js';
import type { RefusedTokens } from './refused-tokens.js';
import { compileRules, validate } from './validate.js';
import type { WaitingCallers } from './waiting-callers.js';

/** How a call reached the server, and the state of its connection. Each protocol has its own. */
export interface CallContext {
  readonly protocol: 'json' | 'connect' | 'grpc' | 'grpc-web';
  /** The `Authorization` header. */
  readonly authorization: string | null;
  /** The secret of a browser's session; null when the request has none, or one that does not count. */
  readonly session: string | null;
  /** The path below which the caller reaches the server; begins and ends with `/`. */
  readonly basePath: string;
  /** The `traceparent` header. */
  readonly traceparent: string | null;
  readonly remoteAddress: string;
  /** Identifies this call in the log and in the answer to a bug. */
  readonly requestId: string;
  /** Aborts when the caller has disconnected, and when the server is about to stop. */
  readonly signal: AbortSignal;
  /** Whether the caller has left before the answer. */
  isGone(): boolean;
}

/** An authorized call. */
export interface Call {
  readonly context: CallContext;
  readonly principal: Principal;
  /** Authorizes the caller again, after a long wait. Throws `ApiError` when that fails. */
  recheck(): Promise<void>;
  /** Calls back when the token of the waiting caller may no longer be valid. Returns an unsubscribe function. */
  onDoubt(callback: () => void): () => void;
  readonly caller: Caller;
}

type MethodsOf<S extends DescService, Kind extends string> = {
  [K in keyof S['method']]: S['method'][K] extends { methodKind: Kind } ? K : never;
}[keyof S['method']];

type Input<M> = M extends { input: infer I extends DescMessage } ? MessageShape<I> : never;
type Output<M> = M extends { output: infer O extends DescMessage } ? MessageShape<O> : never;

/** One function for each unary method of a service, and for each server-streaming method that exists. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in MethodsOf<S, 'unary'>]: (
    request: Input<S['method'][K]>,
    call: Call,
  ) => Promise<Output<S['method'][K]>>;
} & {
  readonly [K in MethodsOf<S, 'server_streaming'>]?: (
    request: Input<S['method'][K]>,
    call: Call,
  ) => Promise<AsyncIterable<Output<S['method'][K]>> | null>;
} & {
  readonly [K in MethodsOf<S, 'bidi_streaming'>]: (
    requests: AsyncIterable<Input<S['method'][K]>>,
    call: Call,
  ) => AsyncIterable<Output<S['method'][K]>>;
};

/**
 * One RPC method as every protocol calls it: it authorizes the caller before the request is read; then it validates the
 * request, calls the verb, and converts errors. It throws nothing but `ApiError`.
 */
export interface Procedure {
  readonly method: DescMethod;
  readonly policy: MethodPolicy;
  admit(context: CallContext): Call | Promise<Call>;
  /** For unary methods. */
  call(request: Message, call: Call): Promise<Message>;
  /**
   * For unary methods whose answer is an unbounded list: the list in pieces, read as they are taken. Null for the
   * others. A documented path writes the pieces as one list; where an answer is one message, `call` returns a page.
   */
  readonly pieces: ((request: Message, call: Call) => Promise<AsyncIterable<Message>>) | null;
  /** For server-streaming methods; null when a resumed stream has ended, and nothing of it is left. */
  stream(request: Message, call: Call): Promise<AsyncIterable<Message> | null>;
  /** For methods that stream both ways; each message is validated as it arrives. */
  converse(requests: AsyncIterable<Message>, call: Call): AsyncIterable<Message>;
}

/** For unary methods whose answer is unbounded: the answer in pieces, each a message with a part of the list. */
export type ListPieces<S extends DescService> = {
  readonly [K in MethodsOf<S, 'unary'>]?: (
    request: Input<S['method'][K]>,
    call: Call,
  ) => AsyncIterable<Output<S['method'][K]>>;
};

/** What every procedure works with. */
export interface ProcedureParts {
  readonly tokens: TokenDirectory;
  readonly log: Log;
  /** Counts every call; absent when metrics are off. */
  readonly metrics?: Metrics;
  /** Records calls with invalid tokens; absent when they are not logged. */
  readonly refusedTokens?: RefusedTokens;
  /** Shared by the whole server. */
  readonly waitingCallers: WaitingCallers;
}

type AnyHandler = (request: Message, call: Call) => Promise<Message | AsyncIterable<Message>>;
type AnyPieces = (request: Message, call: Call) => AsyncIterable<Message>;
type AnyConversation = (requests: AsyncIterable<Message>, call: Call) => AsyncIterable<Message>;

/** The procedures of a service; a method without a handler answers `unimplemented`. Throws when one has no policy. */
export function serviceProcedures<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  around: ProcedureParts,
  pieces: ListPieces<S> = {},
): Procedure[] {
  // Each handler takes the message of its own method; the procedure passes no other.
  const byName = handlers as unknown as Readonly<Record<string, AnyHandler | undefined>>;
  const piecesByName = pieces as unknown as Readonly<Record<string, AnyPieces | undefined>>;
  return service.methods.map((method) =>
    procedure(method, byName[method.localName] ?? null, piecesByName[method.localName] ?? null, around),
  );
}

function procedure(
  method: DescMethod,
  handler: AnyHandler | null,
  pieces: AnyPieces | null,
  { tokens, log, metrics, refusedTokens, waitingCallers }: ProcedureParts,
): Procedure {
  const name = `${method.parent.typeName}/${method.name}`;
  const policy = methodPolicy(method);
  compileRules(method.input);

  function admit(context: CallContext): Call | Promise<Call> {
    try {
      const principal = authenticate(tokens, context);
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
        caller: { credential: principal.tokenId, isAdmin: principal.scopes.has('admin') },
        recheck: async () => {
          if (!tokens.isStillValid(principal.tokenId, principal.session?.id)) await admit(context);
        },
        onDoubt: (doubt) => {
          const waiting = { tokenId: principal.tokenId, session: principal.session?.id, doubt };
          waitingCallers.join(waiting);
          return () => waitingCallers.leave(waiting);
        },
      };
    }
    function refused(error: unknown): Call {
      const isUnknown = error instanceof DomainError && error.code === 'unauthenticated';
      // Public methods are for callers that must sign in first; an invalid token is refused all the same.
      if (isUnknown && policy === 'public' && context.authorization === null) return permitted(nobody);
      if (isUnknown && context.authorization !== null) refusedTokens?.note(context, performance.now());
      throw refusal(error, context);
    }
  }

  async function run<A>(
    handle: ((request: Message, call: Call) => A | Promise<A>) | null,
    request: Message,
    call: Call,
  ): Promise<A> {
    const startedAt = performance.now();
    const called = (code: string) => metrics?.called(name, call.context.protocol, code, performance.now() - startedAt);
    try {
      if (handle === null) throw new ApiError('unimplemented', `${name} is not implemented`);
      validate(method.input, request);
      const answer = await handle(request, call);
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
        'a call failed because of a bug',
      ),
    );
  }

  return {
    method,
    policy,
    admit,
    call: (request, call) => run(handler, request, call) as Promise<Message>,
    pieces:
      pieces === null
        ? null
        : async (request, call) => {
            const items = await run(pieces, request, call);
            return withRefusals(endWhenUnauthorized(items, call), (error) => refusal(error, call.context));
          },
    stream: async (request, call) => {
      const items = (await run(handler, request, call)) as AsyncIterable<Message> | null;
      if (items === null) return null;
      const passed = counted(endWhenUnauthorized(items, call));
      return withRefusals(passed, (error) => refusal(error, call.context));
    },
    converse: (requests, call) => {
      if (handler === null) throw new ApiError('unimplemented', `${name} is not implemented`);
      // A method that streams both ways has a handler that takes the stream of requests.
      const conversation = handler as unknown as AnyConversation;
      const items = conversation(validated(method.input, requests), call);
      const passed = counted(endWhenUnauthorized(items, call));
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

/** An error thrown at a `yield` comes from the protocol, which could not write the message. */
async function* withRefusals(
  items: AsyncIterable<Message>,
  refusal: (error: unknown) => ApiError,
): AsyncIterable<Message> {
  try {
    for await (const item of items) {
      try {
        yield item;
      } catch (error) {
        throw isHangUp(error) ? new ApiError('cancelled', 'the caller has disconnected', { cause: error }) : error;
      }
    }
  } catch (error) {
    throw refusal(error);
  }
}
