import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zip } from '../archives/zip.js';
import { clientsFolder, filesIn } from './sources.js';

const folder = join(clientsFolder, 'go');

/** The module as the Go command downloads it: https://go.dev/ref/mod#zip-files. */
export function goModule() {
  const mod = readFileSync(join(folder, 'go.mod'), 'utf8');
  const name = /^module (\S+)$/m.exec(mod)[1];
  const version = /^const Version = "(.+)"$/m.exec(readFileSync(join(folder, 'version.go'), 'utf8'))[1];
  const files = filesIn(folder, (path) => /\.go$|^(?:go\.mod|go\.sum|LICENSE|README\.md)$/.test(path));
  const inModule = files.map(({ path, content }) => ({ path: `${name}@v${version}/${path}`, content }));
  return {
    package: name,
    version,
    file: `${name.replaceAll('/', '-')}-v${version}.zip`,
    content: zip(inModule),
    mod,
  };
}
