// Builds dist/worker.mjs: the standalone worker as one file, which every server serves at /worker.mjs. It needs only
// Node 20. Built from the sources.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licensesOf } from './licenses.js';
import { sourcesResolved } from './sources-resolved.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = '\0worker';

/** The file is both the program and its heartbeat thread. */
const entryCode = `
import { isMainThread } from 'node:worker_threads';
if (Number(process.versions.node.split('.', 1)[0]) < 20) {
  process.stderr.write(\`worker.mjs needs Node 20 or later; this is \${process.versions.node}\\n\`);
  process.exit(2);
}
if (isMainThread) {
  const { runWorkerFile } = await import(${JSON.stringify(join(root, 'src/cli/worker-file.ts'))});
  await runWorkerFile();
} else {
  await import(${JSON.stringify(join(root, 'clients/typescript/src/heartbeats/heartbeat-thread.ts'))});
}
`;

/** Replacements of modules that look for files next to them: here there is only one file. */
const replacements = (version) =>
  new Map([
    [join(root, 'src/version.ts'), `export const version = ${JSON.stringify(version)};`],
    [
      join(root, 'clients/typescript/src/heartbeats/thread-file.ts'),
      'export const threadFile = () => new URL(import.meta.url);',
    ],
  ]);

/** Builds the file with a version: that of the package, unless a test passes another. */
export async function buildWorkerFile({ file = join(root, 'dist/worker.mjs'), version = versionOf(root) } = {}) {
  const pending = replacements(version);
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    resolve: sourcesResolved,
    transform: { target: 'node20' },
    // The client's package declares its modules free of side effects. This one is an exception: it is what the thread
    // runs.
    treeshake: { moduleSideEffects: [{ test: /\/heartbeat-thread\.ts$/, sideEffects: true }] },
    plugins: [
      {
        name: 'worker-file',
        resolveId: (id) => (id === entry ? id : null),
        load(id) {
          if (id === entry) return entryCode;
          const code = pending.get(id);
          pending.delete(id);
          return code ?? null;
        },
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  if (pending.size > 0) throw new Error(`no module imports ${[...pending.keys()].join(', ')} any more`);
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error(`expected one output file, got ${output.length}`);
  const licenses = licensesOf(chunk.moduleIds).replaceAll('*/', '* /');
  const text = `// The worker of workflow-graph ${version}. node worker.mjs --help\n${chunk.code}\n/*\n${licenses}\n*/\n`;
  // Atomically: a server may be reading it.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function versionOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWorkerFile();
