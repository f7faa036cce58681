import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The licenses of this project and of the packages whose modules are bundled, which require their inclusion. */
export function licensesOf(moduleIds) {
  const folders = new Set(moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${licenseText(folder)}`;
  });
  const own = `workflow-graph (MIT)\n\n${readFileSync(join(root, 'LICENSE'), 'utf8')}`;
  return [own, ...texts].join(`\n${'-'.repeat(80)}\n`);
}

function licenseText(folder) {
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE']) {
    try {
      return readFileSync(join(folder, name), 'utf8').trimEnd();
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return '';
}
