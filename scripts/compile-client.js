// Compiles the TypeScript client file by file, as tsc does, but without checking types: the compiler would be a fifth of what
// `npm start` installs. The client's exports have explicit types (isolatedDeclarations), which tsc enforces.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isolatedDeclarationSync } from 'rolldown/experimental';
import { transformSync } from 'rolldown/utils';

/** Compiles the files of the folder `source` into the folder `to`. */
export function compileClient(source, to) {
  for (const path of readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(source, path), 'utf8');
    const code = done(path, transformSync(path, text, { target: 'es2024', sourcemap: true }));
    const types = done(path, isolatedDeclarationSync(path, text, { sourcemap: false }));
    const target = join(to, path.replace(/\.ts$/, ''));
    const name = basename(target);
    mkdirSync(dirname(target), { recursive: true });
    const up = '../'.repeat(path.split(/[\\/]/).length);
    const map = { ...code.map, file: `${name}.js`, sources: [`${up}src/${path.replaceAll('\\', '/')}`] };
    delete map.sourcesContent;
    writeFileSync(`${target}.js`, `${code.code}//# sourceMappingURL=${name}.js.map\n`);
    writeFileSync(`${target}.js.map`, JSON.stringify(map));
    writeFileSync(`${target}.d.ts`, types.code);
  }
}

function done(path, result) {
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  return result;
}
