import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { otherVersions, places, problemsOf } from '../../scripts/release/ready.js';
import { version } from '../../src/version.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = join(import.meta.dirname, '../..');

test('all that has a version of its own has the version of the program', () => {
  expect(otherVersions(root, version)).toEqual([]);
  expect(otherVersions(root, '9.9.9')).toHaveLength(places.length);
});

test('a release is made only of a clean checkout of its tag, with its section of the changelog', () => {
  const folder = temporaryFolder();
  for (const path of new Set(places.map(([path]) => path))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder });
  git('init', '--quiet');
  const [changes, tag, changelog] = [
    'the checkout has uncommitted changes',
    `this commit has no tag v${version}`,
    `CHANGELOG.md has no section "## ${version}"`,
  ];
  expect(problemsOf(folder, version)).toEqual([changes, tag, changelog]);
  const text = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8');
  writeFileSync(join(folder, 'CHANGELOG.md'), `${text}\n## ${version}\n`);
  expect(problemsOf(folder, version)).toEqual([changes, tag]);
  git('add', '-A');
  git('commit', '--quiet', '-m', 'all');
  expect(problemsOf(folder, version)).toEqual([tag]);
  git('tag', `v${version}`);
  expect(problemsOf(folder, version)).toEqual([]);
});
