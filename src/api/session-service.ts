import type { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { toInt64, toOptionalInt64 } from './convert/numbers.js';
import type { TokenAdmin, TokenDirectory } from './principal.js';
import type { ServiceHandlers } from './procedure.js';

/** What the server reports about itself. */
export interface AboutServer {
  readonly version: string;
  /** The server's clock, in Unix milliseconds. */
  now(): number;
  readonly retentionRunsDays: number;
  readonly retentionLogsDays: number;
}

/** `SessionService`: the caller and the server. */
export function sessionService(
  about: AboutServer,
  tokens: TokenDirectory & TokenAdmin,
): ServiceHandlers<typeof SessionService> {
  return {
    getSession: async (_request, { principal, context }) => {
      const { labelLimit, session } = principal;
      return {
        $typeName: 'workflowgraph.v1.GetSessionResponse',
        version: about.version,
        tokensRequired: await tokens.required(),
        tokenName: principal.tokenId === null ? undefined : principal.name,
        scopes: [...principal.scopes],
        labelLimit:
          labelLimit === null
            ? undefined
            : { $typeName: 'workflowgraph.v1.GetSessionResponse.LabelLimit', labels: [...labelLimit] },
        onlyLabelled: principal.onlyLabelled,
        serverTimeMs: toInt64(about.now()),
        retentionRunsDays: about.retentionRunsDays,
        retentionLogsDays: about.retentionLogsDays,
        basePath: context.basePath,
        sessionExpiresAtMs: toOptionalInt64(session?.expiresAtMs ?? null),
      };
    },

    listSessions: async (_request, { principal: { tokenId, session: current } }) => {
      const sessions = tokenId === null ? [] : await tokens.listSessions(tokenId);
      return {
        $typeName: 'workflowgraph.v1.ListSessionsResponse',
        sessions: sessions.map(({ id, createdAtMs, expiresAtMs }) => ({
          $typeName: 'workflowgraph.v1.BrowserSession',
          sessionId: id,
          createdAtMs: toInt64(createdAtMs),
          expiresAtMs: toInt64(expiresAtMs),
          isCurrent: id === current?.id,
        })),
      };
    },

    endSession: async ({ sessionId }, { principal: { tokenId } }) => {
      if (tokenId !== null) await tokens.endSession(sessionId, tokenId);
      return { $typeName: 'workflowgraph.v1.EndSessionResponse' };
    },
  };
}
