// Makes the generated code anew: for the server (gen/) and for each client whose generators are at hand. With --check
// nothing is changed: it fails when what is committed differs from what would be generated.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isCheck = process.argv.includes('--check');

/** Each: a template of buf, and the folder that it writes. */
const targets = [
  { template: 'buf.gen.yaml', out: 'gen' },
  { template: 'clients/typescript/buf.gen.yaml', out: 'clients/typescript/src/gen' },
];

run(['lint']);
run(['format', '--diff', '--exit-code', 'proto']);
for (const { template, out } of targets) {
  if (!isCheck) {
    run(['generate', '--template', template]);
    continue;
  }
  const before = mkdtempSync(join(tmpdir(), 'workflow-graph-generated-'));
  cpSync(join(root, out), before, { recursive: true });
  try {
    run(['generate', '--template', template]);
    const changed = difference(before, join(root, out));
    if (changed.length > 0)
      fail(`${out} is not what ${template} generates: ${changed.join(', ')}. Run "npm run generate".`);
  } finally {
    rmSync(join(root, out), { recursive: true, force: true });
    cpSync(before, join(root, out), { recursive: true });
    rmSync(before, { recursive: true, force: true });
  }
}
process.stdout.write(isCheck ? 'generated code is fresh\n' : 'generated\n');

function run(args) {
  const { status, error } = spawnSync(join(root, 'node_modules/.bin/buf'), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules/node/bin')}:${process.env.PATH}` },
  });
  if (error !== undefined || status !== 0) fail(`buf ${args.join(' ')} failed`);
}

/** The files that differ between two folders, by their paths inside. */
function difference(a, b) {
  const names = new Set([...filesIn(a), ...filesIn(b)]);
  return [...names].filter((name) => {
    const [left, right] = [join(a, name), join(b, name)];
    return !existsSync(left) || !existsSync(right) || !readFileSync(left).equals(readFileSync(right));
  });
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
