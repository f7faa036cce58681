import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Lets a bundler resolve sources by the names of the compiled files, which TypeScript imports use. */
export const sourcesResolved = {
  alias: { '#client': join(fileURLToPath(new URL('..', import.meta.url)), 'clients/typescript/src/index.ts') },
  extensionAlias: { '.js': ['.ts', '.js'] },
};
