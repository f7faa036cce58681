import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pagePaths } from '../../scripts/manual/page-paths.js';
import { stagedText } from '../../scripts/manual/stage-pages.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const paths = pagePaths();

test('every page of docs/ is in the menu of the manual', () => {
  const pages = execFileSync('git', ['ls-files', 'docs/*.md', ':!docs/decisions'], { cwd: root, encoding: 'utf8' });
  expect(
    pages
      .trim()
      .split('\n')
      .filter((page) => !paths.has(page)),
  ).toEqual([]);
});

test('links lead to pages of the manual, and missing targets are reported', () => {
  const staged = (text: string) => stagedText('docs/cli.md', text, paths);
  expect(staged('[limits](limits.md#jobs)')).toBe('[limits](./limits.md#jobs)');
  expect(staged('[Go](../clients/go/README.md)')).toBe('[Go](./client-go.md)');
  expect(staged('[the start](../README.md)')).toBe('[the start](./index.md)');
  expect(staged('[worker](../examples/workers/shell/worker.sh)')).toBe('worker (`examples/workers/shell/worker.sh`)');
  expect(staged('<img src="images/page-run-light.png" alt="a run" width="9">')).toBe(
    '![a run](./images/page-run-light.png)',
  );
  expect(staged('```\n[x](limits.md)\n```\n')).toBe('```\n[x](limits.md)\n```\n');
});
