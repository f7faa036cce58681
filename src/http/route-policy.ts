import type { FastifyInstance, RouteOptions } from 'fastify';
import { authenticate } from '../api/authenticate.js';
import { ApiError, toApiError } from '../api/errors.js';
import type { Principal, Scope, TokenDirectory } from '../api/principal.js';
import type { Log } from '../telemetry/log.js';
import { sessionOf } from './session-cookie.js';

/** Who may use a route: everyone, a caller with a scope, or whom its procedure authorizes itself. */
type RoutePolicy = 'public' | 'procedure' | Scope;

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: RoutePolicy;
    /** Whether it answers requests for any host, or for none. */
    anyHost?: boolean;
    /** The body goes to the handler as bytes. */
    rawBody?: boolean;
  }
}

/** Makes the start fail when a route declares no policy, and authorizes the callers of routes with a scope. */
export function enforceRoutePolicies(
  app: FastifyInstance,
  { tokens, log, rpcPaths }: { tokens: TokenDirectory; log: Log; rpcPaths: ReadonlySet<string> },
): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    const policy = route.config?.policy ?? (rpcPaths.has(route.url) ? 'procedure' : undefined);
    if (policy === undefined) throw new Error(`the route ${route.method} ${route.url} declares no policy`);
    if (policy === 'public' || policy === 'procedure') return;
    const before = [route.onRequest ?? []].flat();
    route.onRequest = [
      async (request) => {
        try {
          const principal = await authenticate(tokens, {
            authorization: request.headers.authorization ?? null,
            session: sessionOf(request),
          });
          permit(principal, policy);
        } catch (error) {
          throw toApiError(error, request.id, (bug) => log.error({ err: bug }, 'could not look up a token'));
        }
      },
      ...before,
    ];
  });
}

function permit(principal: Principal, scope: Scope): void {
  if (principal.scopes.has('admin') || principal.scopes.has(scope)) return;
  throw new ApiError('forbidden', `the token ${JSON.stringify(principal.name)} lacks the scope ${scope}`);
}
