// Builds dist/bundle: the program and its imports in a few dozen files instead of 1,700, which halves the processor
// time of a short command. bin/program-file.js selects it. Built from the sources: `npm start` does not check types.

import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licensesOf } from './licenses.js';
import { sourcesResolved } from './sources-resolved.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The program and its threads, which it looks up by these names next to itself. */
const input = {
  main: join(root, 'src/main.ts'),
  'definition-thread': join(root, 'src/engine/definitions/definition-thread.ts'),
  'reader-thread': join(root, 'src/store/sqlite/reader-thread.ts'),
  'heartbeat-thread': join(root, 'clients/typescript/src/heartbeats/heartbeat-thread.ts'),
};

/** A native module, served files, and an optional dependency of `pg`. */
const external = [/^better-sqlite3(?:\/|$)/, /^@fastify\/swagger-ui(?:\/|$)/, 'pg-native'];

/**
 * An `import` of node:http reads all its properties, and one of them loads all of fetch, which takes 30 ms of processor
 * time and is rarely needed by commands. `require` reads none.
 */
const httpWithoutFetch = {
  name: 'http-without-fetch',
  resolveId: (id) => (/^(?:node:)?http$/.test(id) ? { id: '\0http' } : null),
  load(id) {
    if (id !== '\0http') return null;
    const names = Object.keys(http).filter((name) => Object.getOwnPropertyDescriptor(http, name)?.get === undefined);
    return `import { createRequire } from 'node:module';
const http = createRequire(import.meta.url)('node:http');
export const { ${names.filter((name) => name !== 'default').join(', ')} } = http;
export default http;`;
  },
};

export async function buildBundle() {
  const bundle = await rolldown({
    input,
    external,
    plugins: [httpWithoutFetch],
    platform: 'node',
    resolve: sourcesResolved,
    transform: { target: 'node22' },
    // Packages declare their modules free of side effects. Threads and the modules that register others are not.
    treeshake: { moduleSideEffects: true },
  });
  const made = mkdtempSync(join(root, 'dist/.bundle-'));
  const { output } = await bundle.write({
    dir: made,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Comments and indentation are a quarter of the bytes, which are read at each start. Names are kept for stack
    // traces.
    minify: { compress: false, mangle: false, codegen: true },
  });
  await bundle.close();
  writeFileSync(join(made, 'LICENSES.txt'), licensesOf(output.flatMap(({ moduleIds = [] }) => moduleIds)));
  chmodSync(made, 0o755);
  const folder = join(root, 'dist/bundle');
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildBundle();
