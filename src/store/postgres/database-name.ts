import { urlsOf } from './hosts.js';

/** The database's name for people: without user and password. */
export function databaseName(url: string): string {
  const urls = urlsOf(url).map((one) => new URL(one));
  const hosts = urls.map(({ hostname, port }) => `${hostname}${port === '' ? '' : `:${port}`}`);
  return `${hosts.join(',')}${urls[0]?.pathname ?? ''}`;
}

/** The URL without its password, for people to copy. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/, '$1@');
}
