import { hash } from 'node:crypto';

/** What is stored of a secret, such as that of a lease or a request id. */
export function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url').slice(0, 32);
}
