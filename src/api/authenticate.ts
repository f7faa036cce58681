import { DomainError } from '../domain/errors.js';
import { anyone, type Principal, type TokenDirectory } from './principal.js';

const bearerPattern = /^bearer +([\w\-.~+/]+=*) *$/i;

/**
 * Finds out who calls, from the `Authorization` header.
 *
 * @throws DomainError `unauthenticated`, saying whether the token is missing or not valid, never why it is not.
 */
export function authenticate(tokens: TokenDirectory, authorization: string | null): Principal | Promise<Principal> {
  if (!tokens.required()) return anyone;
  if (authorization === null) {
    throw new DomainError('unauthenticated', 'a token is needed: send the header "Authorization: Bearer <token>"');
  }
  const bearer = bearerPattern.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw new DomainError('unauthenticated', 'the Authorization header must read "Bearer <token>"');
  }
  return known(tokens.authenticate(bearer));
}

async function known(found: Promise<Principal | null>): Promise<Principal> {
  const principal = await found;
  if (principal === null) throw new DomainError('unauthenticated', 'the token is not valid');
  return principal;
}

/**
 * Holds a worker to its token's labels.
 *
 * @throws DomainError `forbidden`, naming the first label outside the limit.
 */
export function requireLabelsWithin(principal: Principal, labels: readonly string[]): void {
  const limit = principal.labelLimit;
  if (limit === null) return;
  const outside = labels.find((label) => !limit.includes(label));
  if (outside === undefined) return;
  const allowed = limit.length === 0 ? 'no labels' : `only ${limit.join(', ')}`;
  throw new DomainError(
    'forbidden',
    `the token ${JSON.stringify(principal.name)} may not offer the label ${JSON.stringify(outside)}; it may offer ${allowed}`,
  );
}
