import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../dist/web');

it('the first load is at most 230 KB of script and 20 KB of style, compressed', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map(([, name]) => name ?? '');
  const sum = (ending: string) =>
    named
      .filter((name) => name.endsWith(ending))
      .reduce((total, name) => total + statSync(join(folder, `${name}.gz`)).size, 0);
  expect(named.length).toBeGreaterThan(1);
  expect(sum('.js')).toBeLessThanOrEqual(230_000);
  expect(sum('.js')).toBeGreaterThan(20_000);
  expect(sum('.css')).toBeLessThanOrEqual(20_000);
});

it('every script and style is available compressed, so the server compresses nothing', () => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((one) => /\.(js|css|svg)$/.test(one))) {
    expect(names).toContain(`${name}.gz`);
    expect(names).toContain(`${name}.br`);
  }
});

it('the editor, which loads when it is opened, is at most 150 KB', () => {
  const names = readdirSync(join(folder, 'assets')).filter((name) => /^edit-.*\.(js|css)\.gz$/.test(name));
  expect(names.length).toBeGreaterThan(0);
  const bytes = names.reduce((total, name) => total + statSync(join(folder, 'assets', name)).size, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(150_000);
});
