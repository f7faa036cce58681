import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs each file of the release; a failing test or program ends the release. */
export function prove({ root, folder, room, installed, binary, version, run }) {
  const command = join(installed, '../.bin/workflow-graph');
  expectText(run('asking the package for its version', command, ['--version']), `${version}\n`);
  run('checking a workflow with it', command, ['validate', join(root, 'workflows/ci.yml')]);

  const vitest = (what, project, ...files) => {
    const env = { WORKFLOW_GRAPH_UNDER_TEST: join(installed, 'dist/bundle/main.js') };
    run(what, process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', project, ...files], {
      env,
    });
  };
  vitest(
    'running workflows on its server by the worker that it hands out',
    'scenarios',
    'test/scenarios/worker-file.test.ts',
  );
  vitest('installing each client from it', 'package', 'test/package/clients.test.ts');
  run('reading install.sh', 'sh', ['-n', join(folder, 'install.sh')]);
  proveBinary({ room, binary, version, run });
  proveChart({ root, folder, version, run });
  proveBills({ root, folder, version });
}

/** Each dependency is in its bill of materials. */
function proveBills({ root, folder, version }) {
  for (const [path, bill] of [
    ['package.json', `workflow-graph-${version}.cdx.json`],
    ['web/package.json', `workflow-graph-build-${version}.cdx.json`],
    ['scripts/package.json', `workflow-graph-build-${version}.cdx.json`],
  ]) {
    const listed = new Set(JSON.parse(readFileSync(join(folder, bill), 'utf8')).components.map(({ name }) => name));
    const { dependencies } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const absent = Object.keys(dependencies).filter((name) => !listed.has(name));
    if (absent.length > 0) throw new Error(`${bill} lacks ${absent.join(', ')}`);
  }
}

/** On a machine without Node, and with an empty home: a local run has a server, a worker, a database and threads. */
function proveBinary({ room, binary, version, run }) {
  const place = join(room, 'without-node');
  mkdirSync(place);
  const file = join(place, 'greet.yml');
  writeFileSync(file, 'jobs: { greet: { run: echo "hello from $WORKFLOW_GRAPH_WORKFLOW" } }\n');
  const outside = (what, ...args) => {
    const env = ['-i', `HOME=${place}`, 'PATH=/usr/bin:/bin'];
    return run(what, '/usr/bin/env', [...env, binary, ...args], { cwd: place });
  };
  expectText(outside('asking the single binary for its version', '--version'), `${version}\n`);
  expectText(outside('running a workflow with it', 'run', file), 'hello from greet');
}

function expectText(printed, text) {
  if (!printed.includes(text))
    throw new Error(`the output was ${JSON.stringify(printed)} instead of ${JSON.stringify(text)}`);
}

/** Helm's own library renders it, if Go is installed to build the renderer. */
function proveChart({ root, folder, version, run }) {
  if (spawnSync('go', ['version']).status !== 0) {
    process.stderr.write('release: NOT PROVED, Go is missing: the chart\n');
    return;
  }
  const check = join(root, 'deploy/check');
  run('building the chart renderer', 'go', ['build', '-o', 'bin/check', '.'], { cwd: check });
  const unpacked = join(root, 'dist/release-chart');
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  run('unpacking the chart', 'tar', ['xzf', join(folder, `workflow-graph-chart-${version}.tgz`), '-C', unpacked]);
  run('rendering it', join(check, 'bin/check'), ['chart', join(unpacked, 'workflow-graph')]);
  rmSync(unpacked, { recursive: true, force: true });
}
