import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders that tests read and mutations never change. */
const linked = ['node_modules', 'dist', 'gen', 'clients', 'proto', 'third_party', 'schema', 'docs', 'deploy', 'bench'];
const linkedFiles = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md'];
const copied = ['src', 'test', 'scripts', 'package.json', 'vitest.config.ts', 'tsconfig.json', 'tsconfig.base.json'];

/** A copy of the tree whose sources may be changed. Everything else is a link. */
export function copyTree(root) {
  const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-mutations-'));
  for (const name of copied) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  for (const name of [...linked, ...linkedFiles]) {
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(folder, name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
