import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The places that name the version, each with the pattern that finds it there. */
export const places = [
  ['clients/typescript/package.json', /"version": "([^"]+)"/],
  ['clients/go/version.go', /const Version = "([^"]+)"/],
  ['clients/python/src/workflow_graph_client/_version.py', /VERSION = "([^"]+)"/],
  ['clients/rust/Cargo.toml', /^version = "([^"]+)"/m],
  ['deploy/helm/workflow-graph/Chart.yaml', /^version: (\S+)$/m],
  ['deploy/helm/workflow-graph/Chart.yaml', /^appVersion: "([^"]+)"$/m],
];

/** The reasons why files built from this tree would not be those of a release. */
export function problemsOf(root, version) {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const problems = [];
  if (git('status', '--porcelain') !== '') problems.push('the checkout has uncommitted changes');
  if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`)) {
    problems.push(`this commit has no tag v${version}`);
  }
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  if (!changelog.includes(`\n## ${version}`)) problems.push(`CHANGELOG.md has no section "## ${version}"`);
  return [...problems, ...otherVersions(root, version)];
}

/** The files whose version differs from the program's. */
export function otherVersions(root, version) {
  return places.flatMap(([path, pattern]) => {
    const found = pattern.exec(readFileSync(join(root, path), 'utf8'))?.[1];
    return found === version ? [] : [`${path} has version ${found}, and package.json ${version}`];
  });
}
