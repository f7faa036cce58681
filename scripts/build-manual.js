// Builds dist/manual: docs/ and the READMEs as a site, which a server serves at /manual if present. Only this command
// installs the site generator. `npm start` does not need it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fitPolicy } from './manual/fit-policy.js';
import { stagePages } from './manual/stage-pages.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'scripts/manual');

export function buildManual() {
  install();
  const pages = join(folder, 'pages');
  stagePages(pages);
  mkdirSync(join(pages, '.vitepress/theme'), { recursive: true });
  writeFileSync(join(pages, '.vitepress/config.js'), "export { default } from '../../vitepress.config.js';\n");
  writeFileSync(join(pages, '.vitepress/theme/index.js'), "export { default } from '../../../theme/index.js';\n");
  const site = join(folder, 'site');
  rmSync(site, { recursive: true, force: true });
  const built = spawnSync(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build', 'pages'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the manual cannot be rendered:\n${built.stdout}${built.stderr}`);
  fitPolicy(site);
  checkSite(site);
  mkdirSync(join(root, 'dist'), { recursive: true });
  const made = join(root, 'dist/manual');
  rmSync(made, { recursive: true, force: true });
  renameSync(site, made);
  rmSync(pages, { recursive: true, force: true });
}

/** The server keeps it in memory, and its policy forbids inline scripts and styles. */
function checkSite(site) {
  const files = readdirSync(site, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  if (bytes > 3_000_000) throw new Error(`the manual has ${bytes} bytes; at most 3,000,000 are allowed`);
  for (const path of paths.filter((path) => path.endsWith('.html'))) {
    const found = /<script(?![^>]*\bsrc=)|<style|<[a-z][^>]*\s(?:style|on[a-z]+)=/.exec(readFileSync(path, 'utf8'));
    if (found !== null) throw new Error(`${path} contains "${found[0]}", which the policy of the server refuses`);
  }
  process.stderr.write(`the manual: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
}

function install() {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const mark = join(folder, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(lock).packages['node_modules/vitepress'].version;
  const has = existsSync(mark)
    ? JSON.parse(readFileSync(mark, 'utf8')).packages['node_modules/vitepress']?.version
    : null;
  if (has === wanted) return;
  process.stderr.write('workflow-graph: installing the site generator, 100 MB, about 20 s …\n');
  // `npm pack --dry-run` of the root must not make this one a dry run.
  const { npm_config_dry_run: _, ...env } = process.env;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env,
    stdio: ['ignore', 2, 2],
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildManual();
