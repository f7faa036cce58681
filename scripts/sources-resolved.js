import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a bundler finds the sources by the names of the compiled files, with which TypeScript imports them. */
export const sourcesResolved = {
  alias: { '#client': join(fileURLToPath(new URL('..', import.meta.url)), 'clients/typescript/src/index.ts') },
  extensionAlias: { '.js': ['.ts', '.js'] },
};
