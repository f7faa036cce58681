import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/http/json-binding/parse-json.js';

describe('a body', () => {
  test.each([
    ['', undefined],
    [' \n', undefined],
    ['null', null],
    ['{}\n', {}],
    ['\ufeff{"a":1}', { a: 1 }],
  ])('%j is %j', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test('with `__proto__` has it as a key', () => {
    expect(Object.keys(parseJson('{"__proto__":1}') as object)).toEqual(['__proto__']);
  });

  test('that was cut or changed anywhere is refused at a place within it, or is still JSON', () => {
    const text = fc.json({ maxDepth: 3 });
    const letter = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'x', '0', '-', '.', 'e', '\n');
    fc.assert(
      fc.property(text, fc.nat(), letter, (good, at, change) => {
        const index = at % (good.length + 1);
        for (const bad of [good.slice(0, index), good.slice(0, index) + change + good.slice(index)]) {
          let valid = bad.trim() === '';
          try {
            JSON.parse(bad);
            valid = true;
          } catch {}
          if (valid) {
            expect(() => parseJson(bad)).not.toThrow();
            continue;
          }
          // The text before the reported place can still become JSON, so the place is never after the first error.
          expect(() => parseJson(bad)).toThrow(/ at line \d+, column \d+$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
