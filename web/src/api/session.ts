import { useQuery } from '@tanstack/react-query';
import type { GetSessionResponse } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { setServerTime } from '../parts/clock.js';
import { basePath, session } from './transport.js';

export type Scope = 'read' | 'submit' | 'admin';

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      const answer = await session.getSession({}, { signal });
      setServerTime(Number(answer.serverTimeMs));
      return answer;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether the caller may do something. The server decides; the page only explains. */
export function can(of: GetSessionResponse | undefined, scope: Scope): boolean {
  if (of === undefined) return false;
  return !of.tokensRequired || of.scopes.includes('admin') || of.scopes.includes(scope);
}

/** @throws an error with the server's sentence if the token is refused */
export async function signIn(token: string, stay: boolean): Promise<void> {
  await post('session', { token, stay_signed_in: stay });
}

export async function signOut(): Promise<void> {
  await post('session/end', {});
}

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${basePath}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.ok) return;
  const text = await answer.text();
  throw new Error(sentenceOf(text) ?? `the server answered ${answer.status}`);
}

function sentenceOf(text: string): string | null {
  try {
    const { message, error } = JSON.parse(text);
    return message ?? error ?? null;
  } catch {
    return null;
  }
}
