import { allTokens } from '../../store/statements/tokens.js';
import type { EngineContext } from '../context.js';

/** The name of a token by its id, for reasons; the id if the token was deleted. */
export async function nameOfToken({ store }: EngineContext, id: string | null): Promise<string | null> {
  if (id === null) return null;
  const token = (await allTokens.run(store.read, {})).find((one) => one.id === id);
  return token?.name ?? id;
}
