import { DomainError } from '../../domain/errors.js';

/** A page token: the number of the page's last row, which readers pass on unchanged. */
export function writePageToken(last: number): string {
  return last.toString(36);
}

/**
 * The number in a page token; null for the first page.
 *
 * @throws DomainError `malformed` for a text that is no page token.
 */
export function readPageToken(token: string): number | null {
  if (token === '') return null;
  const number = /^[0-9a-z]{1,11}$/.test(token) ? Number.parseInt(token, 36) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new DomainError('malformed', 'page_token: it is not the next_page_token of a page; leave it out for the first');
}
