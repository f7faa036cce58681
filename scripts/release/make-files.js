import { hash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { tarGz } from '../archives/tar.js';
import { filesIn } from '../clients/sources.js';
import { makeBinary } from './make-binary.js';

const quietly = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Builds the files. All except the chart and the bills of materials are taken from the package installed in an empty
 * folder, so they are what a user gets. Returns the folder of the installed package, and the single binary.
 */
export async function makeFiles({ root, folder, room, version, run }) {
  run('packing the package', 'npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder]);
  const [tarball] = readdirSync(folder);
  const [project, home] = [join(room, 'workflow-graph-installed'), join(room, 'home')];
  for (const made of [project, home]) mkdirSync(made);
  // A bill of materials names its project.
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'workflow-graph-installed', version, private: true }),
  );
  const settings = join(homedir(), '.npmrc');
  const env = {
    HOME: home,
    npm_config_cache: join(home, 'cache'),
    ...(existsSync(settings) ? { npm_config_userconfig: settings } : {}),
  };
  run('installing it in an empty folder', 'npm', ['install', ...quietly, join(folder, tarball)], { cwd: project, env });
  const installed = join(project, 'node_modules/workflow-graph');
  cpSync(join(installed, 'dist/worker.mjs'), join(folder, `workflow-graph-worker-${version}.mjs`));
  cpSync(join(installed, 'deploy/worker/install.sh'), join(folder, 'install.sh'));
  for (const { file } of Object.values(
    JSON.parse(readFileSync(join(installed, 'dist/clients/clients.json'), 'utf8')),
  )) {
    cpSync(join(installed, 'dist/clients', file), join(folder, file));
  }
  for (const name of ['openapi', 'workflow']) {
    cpSync(join(installed, `schema/${name}.json`), join(folder, `${name}-${version}.json`));
  }
  const chart = filesIn(join(root, 'deploy/helm/workflow-graph')).map(({ path, content }) => ({
    path: `workflow-graph/${path}`,
    content,
  }));
  writeFileSync(join(folder, `workflow-graph-chart-${version}.tgz`), tarGz(chart));
  writeBills({ root, folder, project, version, run });
  const binary = await makeBinary({ root, folder, room, project, version, run });
  return { installed, binary };
}

/** Bills of materials: the packages of an installation, and those from which the page and the bundle are built. */
function writeBills({ root, folder, project, version, run }) {
  const sbom = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const program = run('listing what it brings', 'npm', [...sbom, '--omit=dev'], { cwd: project });
  writeFileSync(join(folder, `workflow-graph-${version}.cdx.json`), program);
  // With --omit=dev npm would omit packages that are also tools of the tests.
  const workspaces = ['--workspace=web', '--workspace=scripts'];
  const build = run('listing what it is built from', 'npm', [...sbom, '--package-lock-only', ...workspaces], {
    cwd: root,
  });
  writeFileSync(join(folder, `workflow-graph-build-${version}.cdx.json`), build);
}

/** `sha256sum --check SHA256SUMS` detects a damaged file. */
export function writeChecksums(folder) {
  const lines = readdirSync(folder)
    .sort()
    .map((name) => `${hash('sha256', readFileSync(join(folder, name)))}  ${name}\n`);
  writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
}
