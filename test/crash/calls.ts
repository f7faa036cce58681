import type { Answer } from '../support/api.js';

/** Retries until there is a response: a server that is down comes back. */
export async function answered(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await maybe(call);
    if (answer !== null && answer.status !== 503) return answer;
    await pause(25);
  }
}

/** Null if the connection broke: the outcome of the call is unknown. */
export async function maybe(call: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await call();
  } catch (error) {
    // `fetch` reports every broken connection this way. Anything else is a bug of this test.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
