// `node scripts/page-pictures.js`: runs a server with workers and workflows, and writes screenshots of the page to
// docs/images. With a folder as its argument it captures every page there for review, in both themes and at desktop and
// phone widths.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');
const { chromium } = await import('playwright-core');

const root = fileURLToPath(new URL('..', import.meta.url));
const everywhere = process.argv[2];
const images = everywhere ?? join(root, 'docs/images');
const browserFile = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (file) => file !== '' && existsSync(file),
);
if (browserFile === undefined)
  throw new Error('no Chromium found: install the package chromium, or set CHROMIUM to its path');

const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-pictures-'));
const children = [];
let browser;
try {
  await take();
} finally {
  await browser?.close();
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))));
  rmSync(folder, { recursive: true, force: true });
}

async function take() {
  mkdirSync(images, { recursive: true });
  mkdirSync(join(folder, 'workflows'));
  const server = start([
    'serve',
    '--data',
    join(folder, 'data'),
    '--workflows',
    join(folder, 'workflows'),
    '--port',
    '0',
  ]);
  const url = await printed(server, /"msg":"listening on (https?:\/\/[^"]+)"/);
  const { call, ended } = callerOf(url);
  for (const [id, labels, slots] of [
    ['box-1', 'linux,x64', '4'],
    ['box-2', 'linux,arm64', '2'],
  ]) {
    start(['worker', '--server', url, '--id', id, '--labels', labels, '--slots', slots]);
  }
  const workflow = {};
  for (const [name, file] of Object.entries(files())) workflow[name] = (await call('/api/workflows', file)).id;
  const run = async (name) => (await call(`/api/workflows/${workflow[name]}/run`, {})).run_id;
  for (let n = 0; n < 6; n++) await ended(await run('docs'));
  const release = await run('release');
  const checks = await run('checks');
  const matrix = await run('matrix');
  for (const id of [release, matrix]) await ended(id);
  await ended(checks, ({ jobs }) => jobs.filter(({ status }) => status !== 'queued').length >= 185);
  const nightly = await run('nightly');
  await ended(nightly, ({ jobs }) => jobs.filter(({ status }) => status === 'success').length >= 60);

  browser = await chromium.launch({
    executablePath: browserFile,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  });
  const pages = [
    ['overview', '/', 'Needs you'],
    ['run', `/runs/${checks}`, 'need gpu'],
    ['graph', `/runs/${nightly}?view=graph`, 'test-*'],
    ['matrix', `/runs/${matrix}?open=test`, 'test (linux, 22)'],
    ['job', `/runs/${release}/jobs/publish`, 'registry said 403'],
    ['editor', `/workflows/${workflow.release}/edit`, 'publish'],
  ];
  const more = [
    ['why', `/runs/${checks}?view=why`, 'need gpu'],
    ['run-5000', `/runs/${nightly}`, 'test-1'],
    ['run-10', `/runs/${release}`, 'publish'],
    ['graph-10', `/runs/${release}?view=graph`, 'publish'],
    ['graph-200', `/runs/${checks}?view=graph`, 'unit-*'],
    ['timeline', `/runs/${release}?view=timeline`, 'The longest chain'],
    ['node', `/runs/${matrix}/jobs/test`, 'test (linux, 22)'],
    ['child', `/runs/${matrix}/jobs/test.5`, 'Matrix'],
    ['runs', '/runs', 'checks'],
    ['workflows', '/workflows', 'checks'],
    ['workflow', `/workflows/${workflow.docs}`, 'docs'],
    ['history', `/workflows/${workflow.docs}?tab=jobs`, 'docs'],
    ['definition', `/workflows/${workflow.release}?tab=definition`, 'sent to the API'],
    ['new', '/workflows/new', 'No problems'],
    ['start', `/workflows/${workflow.release}/run`, 'target'],
    ['queue', '/queue', 'gpu'],
    ['workers', '/workers', 'box-1'],
    ['tokens', '/tokens', 'no token'],
    ['settings', '/settings', 'Theme'],
    ['nowhere', '/runs/01900000-0000-7000-8000-000000000000', 'Not found'],
  ];
  if (everywhere === undefined) {
    await pictures(url, pages, { theme: 'light', width: 1280 });
    await pictures(url, [pages[1]], { theme: 'dark', width: 1280 });
    return;
  }
  for (const theme of ['light', 'dark']) {
    for (const width of [1280, 390]) await pictures(url, [...pages, ...more], { theme, width });
  }
}

async function pictures(url, pages, { theme, width }) {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 800 },
    colorScheme: theme,
    hasTouch: width < 500,
  });
  const page = await context.newPage();
  for (const [name, path, shows] of pages) {
    await page.goto(`${url}${path}`);
    await page.getByRole('main').getByText(shows).first().waitFor();
    await page.waitForLoadState('networkidle', { timeout: 1_000 }).catch(() => undefined);
    const file = join(images, `page-${name}-${theme}${everywhere === undefined ? '' : `-${width}`}.png`);
    await page.screenshot({ path: file });
    process.stdout.write(`${file}\n`);
  }
  await context.close();
}

/** The workflows of the screenshots: of 3, 10, 200 and 5,000 jobs, and one with a matrix. */
function files() {
  const jobs = (name, count, jobOf) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${name}-${n + 1}`, jobOf(n)]));
  const linux = { labels: ['linux'] };
  return {
    docs: {
      name: 'docs',
      jobs: {
        fetch: { run: 'sleep 0.1' },
        build: { needs: 'fetch', run: 'sleep 0.2' },
        deploy: { needs: 'build', run: 'true' },
      },
    },
    release: {
      name: 'release',
      inputs: { target: { type: 'choice', options: ['staging', 'production'], default: 'staging' } },
      jobs: {
        prepare: { run: 'sleep 0.2' },
        ...jobs('build', 4, (n) => ({ ...linux, needs: 'prepare', run: `sleep 0.${n + 2}` })),
        lint: { needs: 'prepare', run: 'echo "no problems in 214 files"' },
        test: { needs: ['build-1', 'build-2', 'build-3', 'build-4'], run: 'sleep 0.6' },
        package: { needs: ['test', 'lint'], run: 'sleep 0.3' },
        publish: {
          needs: 'package',
          run: [
            String.raw`printf '\033[1mPublishing workflow-graph 1.4.0\033[0m\n'`,
            'for n in $(seq 1 16); do echo "uploaded part $n of 16"; done',
            String.raw`printf '\033[33mwarning\033[0m: the registry asks for a second factor\n'`,
            'echo "registry said 403: the token may not publish to this scope" >&2',
            'exit 1',
          ].join('\n'),
        },
        announce: { needs: 'publish', run: 'true' },
      },
    },
    checks: {
      name: 'checks',
      jobs: {
        prepare: { run: 'sleep 0.1' },
        ...jobs('build', 12, () => ({ ...linux, needs: 'prepare', run: 'true' })),
        ...jobs('unit', 172, (n) => ({
          ...linux,
          needs: `build-${(n % 12) + 1}`,
          run: n === 57 || n === 130 ? 'echo "ECONNRESET: the database closed the connection" >&2; exit 1' : 'true',
        })),
        ...jobs('train', 14, () => ({ labels: ['gpu', 'linux'], needs: 'prepare', run: 'true' })),
        report: { needs: ['unit-1', 'train-1'], run: 'true' },
      },
    },
    nightly: {
      name: 'nightly',
      jobs: {
        prepare: { run: 'true' },
        ...jobs('build', 98, () => ({ ...linux, needs: 'prepare', run: 'true' })),
        ...jobs('test', 4_900, (n) => ({
          labels: n % 25 === 7 ? ['gpu'] : ['linux'],
          needs: `build-${(n % 98) + 1}`,
          run: 'sleep 0.2',
        })),
        report: { needs: ['test-1', 'test-2'], run: 'true' },
      },
    },
    matrix: {
      name: 'compatibility',
      jobs: {
        build: { run: 'sleep 0.2' },
        test: {
          needs: 'build',
          strategy: { 'fail-fast': false, matrix: { os: ['linux', 'mac', 'windows'], node: [20, 22, 24] } },
          run: 'sleep 0.2; if [ $MATRIX_OS$MATRIX_NODE = windows24 ]; then echo "EPERM: operation not permitted" >&2; exit 1; fi',
        },
        report: { needs: 'test', if: 'always()', run: 'true' },
      },
    },
  };
}

function start(args) {
  const child = spawn(process.execPath, [join(root, 'dist/src/main.js'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LOG_FORMAT: 'json' },
  });
  children.push(child);
  child.stderr.resume();
  return child;
}

function printed(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (data) => {
      text += data;
      const found = pattern.exec(text);
      if (found !== null) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
}

function callerOf(url) {
  const call = async (path, body) => {
    const headers = { 'content-type': path === '/api/workflows' ? 'application/yaml' : 'application/json' };
    const request = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, request);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  /** Waits until a run matches; by default until it has ended. */
  const ended = async (id, isWanted = ({ state }) => state !== 'queued' && state !== 'running') => {
    for (;;) {
      if (isWanted(await call(`/api/workflows/${id}/status`))) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  return { call, ended };
}
