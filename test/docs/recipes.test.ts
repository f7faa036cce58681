import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const recipes = readFileSync(`${root}CONTRIBUTING.md`, 'utf8').split('\n## Recipes\n')[1]?.split('\n## ')[0] ?? '';
const paths = [...recipes.matchAll(/`([a-z]+\/[^`\s]+|[A-Z]+\.md)`/g)].map(([, path = '']) => path);

test('the recipes name files', () => {
  expect(paths.length).toBeGreaterThan(30);
});

test.each(paths)('%s, which a recipe names, exists', (path) => {
  expect(existsSync(`${root}${path}`)).toBe(true);
});
