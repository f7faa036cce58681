/** The address of a server and the caller's credentials. */
export interface ServerAddress {
  /** Without a user name and password, so that it can be printed. */
  readonly serverUrl: string;
  /** The value of the `Authorization` header; null without one. */
  readonly authorization: string | null;
}

/** Separates the credentials from a server's URL. A token takes precedence over them. */
export function serverAddress(url: string, token: string | null | undefined): ServerAddress {
  const bearer = token ? `Bearer ${token}` : null;
  if (!URL.canParse(url)) return { serverUrl: withoutUserInfo(url), authorization: bearer };
  const { username, password } = new URL(url);
  const hasCredentials = username !== '' || password !== '';
  const basic = hasCredentials ? basicAuthorization(decoded(username), decoded(password)) : null;
  return { serverUrl: withoutUserInfo(url), authorization: bearer ?? basic };
}

/** The secret parts of the URL. */
export function secretsIn(url: string): readonly string[] {
  const userInfo = /^[^/]*\/\/([^/?#]*)@/.exec(url)?.[1] ?? '';
  const password = userInfo.includes(':') ? userInfo.slice(userInfo.indexOf(':') + 1) : userInfo;
  return [...new Set([password, decoded(password)])].filter((text) => text !== '');
}

function withoutUserInfo(url: string): string {
  return url.replace(/^([^/]*\/\/)[^/?#]*@/, '$1').replace(/\/+$/, '');
}

function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
