import { DomainError } from '../domain/errors.js';

/** Where a list goes on: the number of the last row of the page before, which readers hand back as they got it. */
export function writePageToken(last: number): string {
  return last.toString(36);
}

/**
 * The number that a page token holds; null for the first page.
 *
 * @throws DomainError `malformed` for a token that no page can have had.
 */
export function readPageToken(token: string): number | null {
  if (token === '') return null;
  const number = /^[0-9a-z]{1,11}$/.test(token) ? Number.parseInt(token, 36) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new DomainError('malformed', 'page_token: it is not the next_page_token of a page; leave it out for the first');
}
