import { hash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverNodeFlags } from '../../bin/node-flags.js';
import { tarGz } from '../archives/tar.js';
import { filesIn } from '../clients/sources.js';

/**
 * The marker by which Node recognizes an executable with an embedded program
 * (nodejs.org/api/single-executable-applications.html).
 */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Builds one executable of this Node and the installed package, for this machine's platform. Returns its path. */
export async function makeBinary({ root, folder, room, project, version, run }) {
  const kind = `${process.platform}-${process.arch}`;
  const work = join(room, 'binary');
  mkdirSync(work);
  const files = filesIn(join(project, 'node_modules'), (path) => isNeeded(path, kind)).map(({ path, content }) => ({
    path: `node_modules/${path}`,
    content,
  }));
  const start = Buffer.from("import('./node_modules/workflow-graph/dist/bundle/main.js');\n");
  const archive = tarGz([...files, { path: 'start.cjs', content: start }]);
  writeFileSync(join(work, 'package.tgz'), archive);
  writeFileSync(join(work, 'id'), `${version}-${hash('sha256', archive).slice(0, 16)}`);
  const config = {
    main: join(root, 'scripts/release/binary/start.cjs'),
    output: join(work, 'program.blob'),
    disableExperimentalSEAWarning: true,
    execArgv: serverNodeFlags,
    execArgvExtension: 'none',
    assets: { package: join(work, 'package.tgz'), id: join(work, 'id') },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  run('preparing the single binary', process.execPath, ['--experimental-sea-config', join(work, 'sea.json')]);
  const file = join(folder, `workflow-graph-${kind}`);
  cpSync(process.execPath, file);
  // Imported here, because the release installs this tool first.
  const { inject } = await import('postject');
  await inject(file, 'NODE_SEA_BLOB', readFileSync(config.output), { sentinelFuse: fuse });
  chmodSync(file, 0o755);
  return file;
}

/**
 * Removes files that are not executed: types, source maps, sources of SQLite and its builds for other platforms. The
 * packages in the bundle are not needed next to it; LICENSES.txt in it has their licences.
 */
function isNeeded(path, kind) {
  const isWhole = /^(?:workflow-graph|better-sqlite3|@fastify\/swagger-ui)\//.test(path);
  if (!isWhole) return false;
  if (/\.(?:d\.[cm]?ts|map|ts|md|markdown|flow|h|cc|gyp)$/.test(path) && !/licen[cs]e/i.test(path)) return false;
  if (/^better-sqlite3\/(?:deps|src)\//.test(path) || /^@types\//.test(path)) return false;
  return !path.startsWith('better-sqlite3/prebuilds/') || path.endsWith(`/${kind}.node`);
}
