import { DomainError } from '../domain/errors.js';
import { anyone, type Principal, type TokenDirectory } from './principal.js';

const bearerPattern = /^bearer +([\w\-.~+/]+=*) *$/i;

/**
 * Finds out who calls, from the `Authorization` header.
 *
 * @throws DomainError `unauthenticated`, saying whether the token is missing or not valid, never why it is not.
 */
export function authenticate(tokens: TokenDirectory, authorization: string | null): Principal | Promise<Principal> {
  const required = tokens.required();
  if (typeof required === 'boolean') return identify(tokens, authorization, required);
  return required.then((isRequired) => identify(tokens, authorization, isRequired));
}

function identify(
  tokens: TokenDirectory,
  authorization: string | null,
  required: boolean,
): Principal | Promise<Principal> {
  const bearer = authorization === null ? null : bearerPattern.exec(authorization)?.[1];
  if (bearer != null) return holder(tokens, bearer);
  if (!required) return anyone;
  if (bearer === null) {
    throw new DomainError('unauthenticated', 'a token is needed: send the header "Authorization: Bearer <token>"');
  }
  throw new DomainError('unauthenticated', 'the Authorization header must read "Bearer <token>"');
}

/** Who shows a token may be the first who has one, so it is looked for also where none seems to be needed. */
async function holder(tokens: TokenDirectory, bearer: string): Promise<Principal> {
  const principal = await tokens.authenticate(bearer);
  if (principal !== null) return principal;
  if (await tokens.required()) throw new DomainError('unauthenticated', 'the token is not valid');
  return anyone;
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
