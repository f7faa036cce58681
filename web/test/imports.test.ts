import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const web = join(import.meta.dirname, '..');
const { dependencies } = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8'));

const files = readdirSync(join(web, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);

function importsOf(file: string): string[] {
  const text = readFileSync(join(web, 'src', file), 'utf8');
  return [...text.matchAll(/(?:^|\n)(?:import|export)[^;'"]*?from '([^']+)'|(?:^|\n)import '([^']+)'/g)].map(
    ([, from, bare]) => from ?? bare ?? '',
  );
}

describe('the page', () => {
  it('imports its own files and its own packages, never the server', () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.')) {
          const path = relative(web, join(web, 'src', dirname(file), specifier));
          expect([file, path]).toEqual([file, expect.stringMatching(/^(src|gen)\//)]);
        } else {
          const name = specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/');
          expect([file, Object.keys(dependencies)]).toEqual([file, expect.arrayContaining([name])]);
        }
      }
    }
  });

  it('has rooms that know no view, no document and no server: graph, addresses and the lines of logs', () => {
    const pure = files.filter((name) => /^(graph|url)\/|^log\/(ansi|follow|line-index|rows)\.ts$/.test(name));
    expect(pure.length).toBeGreaterThan(10);
    for (const file of pure) {
      expect(importsOf(file).filter((name) => /react|\/api\/|\/gen\/|\.css$/.test(name))).toEqual([]);
      expect(readFileSync(join(web, 'src', file), 'utf8')).not.toMatch(/\b(?:document|window)\.\w/);
    }
  });

  it('makes no HTML of text and evaluates none', () => {
    const forbidden = /dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|\beval\(|new Function\(/;
    for (const file of files)
      expect([file, forbidden.test(readFileSync(join(web, 'src', file), 'utf8'))]).toEqual([file, false]);
  });
});
