import { DomainError } from '../domain/errors.js';
import { isFeature } from '../domain/labels.js';
import { anyone, type Principal, type TokenDirectory } from './principal.js';

const bearerPattern = /^bearer +([\w\-.~+/]+=*) *$/i;

/** The credentials of a call. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | null;
  /** The secret of a browser's session, from a cookie that counts; see `http/session-cookie`. */
  readonly session: string | null;
}

/**
 * Identifies the caller by the `Authorization` header, or else by a browser's session.
 *
 * @throws DomainError `unauthenticated`, which says whether the token is missing or not valid, never why it is not
 * valid.
 */
export function authenticate(tokens: TokenDirectory, credentials: Credentials): Principal | Promise<Principal> {
  const required = tokens.required();
  if (typeof required === 'boolean') return identify(tokens, credentials, required);
  return required.then((isRequired) => identify(tokens, credentials, isRequired));
}

function identify(
  tokens: TokenDirectory,
  { authorization, session }: Credentials,
  required: boolean,
): Principal | Promise<Principal> {
  if (authorization === null && session !== null) return signedIn(tokens, session, required);
  const bearer = authorization === null ? null : bearerPattern.exec(authorization)?.[1];
  if (bearer != null) return holder(tokens, bearer);
  if (!required) return anyone;
  if (bearer === null) {
    throw new DomainError('unauthenticated', 'a token is needed: send the header "Authorization: Bearer <token>"');
  }
  throw new DomainError('unauthenticated', 'the Authorization header must read "Bearer <token>"');
}

async function signedIn(tokens: TokenDirectory, session: string, required: boolean): Promise<Principal> {
  const principal = await tokens.authenticateSession(session);
  if (principal !== null) return principal;
  if (!required) return anyone;
  throw new DomainError('unauthenticated', 'the session has ended: sign in again');
}

/** A given token may be the first one that exists, so it is looked up even when none seems to be needed. */
async function holder(tokens: TokenDirectory, bearer: string): Promise<Principal> {
  const principal = await tokens.authenticate(bearer);
  if (principal !== null) return principal;
  if (await tokens.required()) throw new DomainError('unauthenticated', 'the token is not valid');
  return anyone;
}

/**
 * Holds a worker to its token's labels. Labels that say what a worker can do are free.
 *
 * @throws DomainError `forbidden`, naming the first label outside the limit.
 */
export function requireLabelsWithin(principal: Principal, labels: readonly string[]): void {
  const limit = principal.labelLimit;
  if (limit === null) return;
  const outside = labels.find((label) => !limit.includes(label) && !isFeature(label));
  if (outside === undefined) return;
  const allowed = limit.length === 0 ? 'no labels' : `only ${limit.join(', ')}`;
  throw new DomainError(
    'forbidden',
    `the token ${JSON.stringify(principal.name)} may not offer the label ${JSON.stringify(outside)}; it may offer ${allowed}`,
  );
}
