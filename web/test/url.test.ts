import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looks } from '../src/run/phases.js';
import { readLineRange, writeLineRange } from '../src/url/line-range.js';
import { readRunSearch, runViews } from '../src/url/run-search.js';
import { readRunsSearch, runFilters } from '../src/url/runs-search.js';
import { parseSearch, stringifySearch } from '../src/url/search.js';

const words = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }).filter((text) => text.length <= 200);

/** Drops what was not drawn, as an address does. */
function present(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

describe('an address', () => {
  it('opens the list of runs as its sender saw it', () => {
    const searches = fc.record({
      state: fc.option(fc.constantFrom(...runFilters), { nil: undefined }),
      workflow: fc.option(words, { nil: undefined }),
      by: fc.option(words, { nil: undefined }),
      q: fc.option(words, { nil: undefined }),
    });
    fc.assert(
      fc.property(searches, (search) => {
        expect(readRunsSearch(parseSearch(stringifySearch(search)))).toEqual(present(search));
      }),
    );
  });

  it('opens a run as its sender saw it', () => {
    const searches = fc.record({
      view: fc.option(fc.constantFrom(...runViews.filter((view) => view !== 'list')), { nil: undefined }),
      state: fc.option(fc.constantFrom(...looks), { nil: undefined }),
      q: fc.option(words, { nil: undefined }),
      job: fc.option(words, { nil: undefined }),
    });
    fc.assert(
      fc.property(searches, (search) => {
        expect(readRunSearch(parseSearch(stringifySearch(search)))).toEqual(present(search));
      }),
    );
  });

  it('that somebody else wrote is read without trust', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => readRunsSearch(parseSearch(text))).not.toThrow();
        expect(() => readRunSearch(parseSearch(text))).not.toThrow();
      }),
    );
    expect(readRunsSearch({ state: 'nonsense', q: 3, workflow: '' })).toEqual({});
  });

  it('is plain: nothing is quoted', () => {
    expect(stringifySearch({ state: 'failure', workflow: 'big', q: '' })).toBe('?state=failure&workflow=big');
    expect(stringifySearch({})).toBe('');
  });

  it('names lines of a log, in whichever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 1, max: 999_999_999 }), (a, b) => {
        const range = { first: Math.min(a, b), last: Math.max(a, b) };
        expect(readLineRange(`#${writeLineRange(range)}`)).toEqual(range);
        expect(readLineRange(`L${a}-L${b}`)).toEqual(range);
      }),
    );
    for (const other of ['', '#', '#L0', '#L1-', '#content', '#L1e3', '#L99999999999'])
      expect(readLineRange(other)).toBeNull();
  });
});
