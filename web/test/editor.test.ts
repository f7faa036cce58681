import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diffParts } from '../src/definition/diff-lines.js';
import { keysAt, placeOf, valuesAt } from '../src/editor/schema-paths.js';

const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../schema/workflow.json'), 'utf8'));

describe('the place of a line', () => {
  it.each([
    ['name: x\n|', [], null],
    ['jobs:\n  build:\n    ru|', ['jobs', 'build'], null],
    ['jobs:\n  build:\n    run: make\n    timeout: |', ['jobs', 'build'], 'timeout'],
    ['jobs:\n  build:\n    steps:\n      - run: x\n        n|', ['jobs', 'build', 'steps', null], null],
    ['jobs:\n  build:\n    steps:\n      - run: x\n      - |', ['jobs', 'build', 'steps', null], null],
    ['jobs:\n  build:\n    steps:\n    - run: x\n      |', ['jobs', 'build', 'steps', null], null],
    ['jobs:\n  build:\n    run: make\n\n# a comment\n  test:\n    |', ['jobs', 'test'], null],
    ['env:\n  A: b\njobs:\n  |', ['jobs'], null],
  ])('%j', (text, parent, key) => {
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes('|'));
    const place = placeOf(
      lines.map((line) => line.replace('|', '')),
      at,
    );
    expect([place.parent, place.key]).toEqual([parent, key]);
  });
});

describe('the schema of workflow files', () => {
  it('names the keys of a file, a job and a step, with their meaning', () => {
    expect([...keysAt(schema, []).keys()]).toEqual(expect.arrayContaining(['name', 'on', 'jobs', 'env']));
    const job = keysAt(schema, ['jobs', 'build']);
    expect([...job.keys()]).toEqual(expect.arrayContaining(['run', 'needs', 'timeout', 'priority', 'steps']));
    expect(job.get('priority')).not.toBe('');
    expect([...keysAt(schema, ['jobs', 'build', 'steps', null]).keys()]).toContain('run');
    expect(valuesAt(schema, ['jobs', 'build', 'continue-on-error'])).toEqual(expect.arrayContaining(['true', 'false']));
  });
});

describe('the difference between two texts', () => {
  it('has the changed lines with their numbers and three lines around them', () => {
    const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ''].join('\n');
    const after = before.replace('e\n', 'E\ne2\n');
    expect(diffParts(before, after)?.flatMap(({ lines }) => lines.map(Object.values))).toEqual([
      ['same', 2, 2, 'b'],
      ['same', 3, 3, 'c'],
      ['same', 4, 4, 'd'],
      ['removed', 5, null, 'e'],
      ['added', null, 5, 'E'],
      ['added', null, 6, 'e2'],
      ['same', 6, 7, 'f'],
      ['same', 7, 8, 'g'],
      ['same', 8, 9, 'h'],
    ]);
    expect(diffParts(before, before)).toEqual([]);
  });
});
