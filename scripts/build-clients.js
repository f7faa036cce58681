// Makes dist/clients: the client libraries as the package managers of their languages install them, which every server hands
// out below /clients, /go and /cargo (src/http/client-packages.ts). None of these languages needs to be at hand.
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goModule } from './clients/go-module.js';
import { pythonWheel } from './clients/python-wheel.js';
import { rustCrate } from './clients/rust-crate.js';
import { clientsFolder } from './clients/sources.js';
import { compileClient } from './compile-client.js';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

export function buildClients() {
  mkdirSync(dist, { recursive: true });
  const made = mkdtempSync(join(dist, '.clients-'));
  const packages = {
    typescript: npmTarball(made),
    python: pythonWheel(),
    go: goModule(),
    rust: rustCrate(),
  };
  const listed = {};
  for (const [language, { content, ...facts }] of Object.entries(packages)) {
    writeFileSync(join(made, facts.file), content);
    listed[language] = { ...facts, bytes: content.length, sha256: hash('sha256', content) };
  }
  writeFileSync(join(made, 'clients.json'), `${JSON.stringify(listed, null, 2)}\n`);
  chmodSync(made, 0o755);
  const folder = join(dist, 'clients');
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}

/** npm itself decides what its archive contains. */
function npmTarball(folder) {
  const source = join(clientsFolder, 'typescript');
  const staged = mkdtempSync(join(dist, '.client-'));
  try {
    const { name, version, files } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    for (const path of ['package.json', ...files.filter((path) => existsSync(join(source, path)) && path !== 'dist')]) {
      cpSync(join(source, path), join(staged, path), { recursive: true });
    }
    compileClient(join(source, 'src'), join(staged, 'dist'));
    const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', folder];
    // `npm pack --dry-run` of the root must not make a dry run of this one.
    const { npm_config_dry_run: _, ...env } = process.env;
    execFileSync('npm', args, { cwd: staged, env, stdio: ['ignore', 'pipe', 2], shell: process.platform === 'win32' });
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    return { package: name, version, file, content: readFileSync(join(folder, file)) };
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildClients();
