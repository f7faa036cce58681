import type { Answer } from '../support/api.js';

/** Sends until there is an answer: a server that is away comes back. */
export async function answered(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await maybe(call);
    if (answer !== null && answer.status !== 503) return answer;
    await pause(25);
  }
}

/** Null when the connection broke: nobody knows whether the server did what it was asked. */
export async function maybe(call: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await call();
  } catch (error) {
    // `fetch` reports every broken connection so. Anything else is a mistake of this test.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
