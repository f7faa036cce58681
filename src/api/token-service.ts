import type { Token, TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { DomainError } from '../domain/errors.js';
import { isTokenScope, type ListedToken, type TokenScope, tokenScopes } from '../domain/token.js';
import { toInt64, toOptionalInt64 } from './convert/numbers.js';
import type { TokenAdmin, TokenDirectory } from './principal.js';
import type { ServiceHandlers } from './procedure.js';

/** `TokenService` over the server's tokens. */
export function tokenService(
  admin: TokenAdmin,
  tokens: TokenDirectory,
  now: () => number,
): ServiceHandlers<typeof TokenService> {
  return {
    listTokens: async () => ({
      $typeName: 'workflowgraph.v1.ListTokensResponse',
      tokens: (await admin.listTokens()).map(toWire),
    }),

    createToken: async ({ name, scopes, hasLabelLimit, labels, onlyLabelled, expiresInSecs }, { principal }) => {
      const wanted = scopes.map(toScope);
      if (wanted.length === 0) throw new DomainError('malformed', 'scopes: expected at least one scope');
      // With it every call needs a token, and without an administrator nobody could create another one.
      if (!(await tokens.required()) && !wanted.includes('admin'))
        throw new DomainError('malformed', 'scopes: the first token of a server must have the scope admin');
      const expiresAtMs = expiresInSecs === undefined ? null : now() + expiresInSecs * 1_000;
      const by = principal.tokenId;
      const limit = hasLabelLimit ? labels : null;
      const made = await admin.createToken({ name, scopes: wanted, labels: limit, onlyLabelled, expiresAtMs }, by);
      return {
        $typeName: 'workflowgraph.v1.CreateTokenResponse',
        tokenId: made.id,
        token: made.token,
        expiresAtMs: toOptionalInt64(expiresAtMs),
      };
    },

    revokeToken: async ({ tokenId }, { principal }) => {
      await admin.revokeToken(tokenId, principal.tokenId);
      return { $typeName: 'workflowgraph.v1.RevokeTokenResponse' };
    },
  };
}

function toScope(scope: string, at: number): TokenScope {
  if (isTokenScope(scope)) return scope;
  const known = tokenScopes.join(', ');
  throw new DomainError('malformed', `scopes[${at}]: ${JSON.stringify(scope)} is not a scope; the scopes are ${known}`);
}

function toWire(token: ListedToken): Token {
  return {
    $typeName: 'workflowgraph.v1.Token',
    tokenId: token.id,
    name: token.name,
    scopes: [...token.scopes],
    hasLabelLimit: token.labels !== null,
    labels: [...(token.labels ?? [])],
    onlyLabelled: token.onlyLabelled,
    createdAtMs: toInt64(token.createdAtMs),
    expiresAtMs: toOptionalInt64(token.expiresAtMs),
    revokedAtMs: toOptionalInt64(token.revokedAtMs),
    lastUsedAtMs: toOptionalInt64(token.lastUsedAtMs),
  };
}
