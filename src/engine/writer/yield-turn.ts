import type { Environment } from '../../environment/environment.js';

/** Lets the event loop serve others between two pieces of long work. */
export function yieldToEventLoop({ environment }: { readonly environment: Environment }): Promise<void> {
  return new Promise((resolve) => environment.nextTurn(resolve));
}
