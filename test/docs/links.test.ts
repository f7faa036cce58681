import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((page) => page !== '' && !page.startsWith('third_party/'));

/** A page without its code blocks, in which nothing is a link or a heading. */
function proseOf(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '');
}

/** The anchors that Markdown renderers generate for headings: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let name = anchor;
    for (let again = 1; anchors.has(name); again++) name = `${anchor}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

function problemOf(page: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (file.startsWith('..') || !existsSync(join(root, file))) return `${target}: there is no ${file}`;
  if (anchor === undefined || statSync(join(root, file)).isDirectory() || !file.endsWith('.md')) return null;
  return anchorsOf(file).has(anchor) ? null : `${target}: ${file} has no heading of that name`;
}

test('there are pages to check', () => {
  expect(pages).toContain('README.md');
  expect(pages.length).toBeGreaterThan(15);
});

test.each(pages)('every link within the project in %s has a target', (page) => {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  expect(targets.map((target) => problemOf(page, target)).filter((problem) => problem !== null)).toEqual([]);
});

test('a broken link is found', () => {
  expect(problemOf('README.md', 'docs/nowhere.md')).toBe('docs/nowhere.md: there is no docs/nowhere.md');
  expect(problemOf('docs/cli.md', '../../outside')).toContain('there is no');
  expect(problemOf('README.md', 'docs/conditions.md#no-such')).toContain('has no heading of that name');
  expect(problemOf('README.md', 'docs/conditions.md#the-four-functions')).toBeNull();
});
