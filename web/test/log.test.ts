import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ansiSpans } from '../src/log/ansi.js';
import { type FollowEvent, follows } from '../src/log/follow.js';
import { LineIndex, overwritten, styleAfter, withoutEscapes } from '../src/log/line-index.js';
import { RowIndex } from '../src/log/rows.js';

const esc = '\u001b';

describe('the lines of a log', () => {
  it('are the same however the text is cut into chunks', () => {
    const texts = fc
      .array(fc.constantFrom('a', 'bc', '\n', 'é', '\n\n', 'x y'), { maxLength: 60 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 10 }), (text, cuts) => {
        const lines = new LineIndex();
        let at = 0;
        for (const cut of [...cuts.map((n) => n % (text.length + 1)).sort((a, b) => a - b), text.length]) {
          lines.append(text.slice(at, cut), 'stdout', 1);
          at = cut;
        }
        const whole = text.split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(Array.from({ length: lines.count }, (_, n) => lines.line(n + 1)?.text)).toEqual(whole);
      }),
    );
  });

  it('keep the halves of one stream together when the other wrote between them', () => {
    const lines = new LineIndex();
    lines.append('begin ', 'stdout', 1);
    lines.append('warning\n', 'stderr', 2);
    lines.append('end\n', 'stdout', 3);
    expect([lines.line(1), lines.line(2)]).toMatchObject([
      { text: 'begin end', source: 'stdout', atMs: 1 },
      { text: 'warning', source: 'stderr', atMs: 2 },
    ]);
    expect(lines.count).toBe(2);
  });

  it('carry a colour over lines until it is reset', () => {
    const lines = new LineIndex();
    lines.append(`${esc}[31mred\nstill\n${esc}[0mplain\nagain\n`, 'stdout', 1);
    const styles = [1, 2, 3, 4].map((number) => lines.line(number)?.style);
    expect(styles).toEqual(['', `${esc}[31m`, `${esc}[31m`, '']);
    expect(ansiSpans('still', styles[1])).toMatchObject([{ text: 'still', color: 'ansi-red' }]);
  });

  it('are found in upper and lower case, up to a bound', () => {
    const lines = new LineIndex();
    lines.append('Error one\nfine\nERROR two\nerror three\n', 'stdout', 1);
    expect(lines.search('error', 10)).toEqual([1, 3, 4]);
    expect(lines.search('error', 2)).toEqual([1, 3]);
    expect(lines.search('', 10)).toEqual([]);
  });

  it('are found in one case where that is asked for', () => {
    const lines = new LineIndex();
    lines.append('Error one\nerror two\n', 'stdout', 1);
    expect(lines.search('error', 10, true)).toEqual([2]);
  });
});

describe('lines that are read by their numbers', () => {
  const numbered = (from: number, ...texts: string[]) =>
    texts.map((text, at) => ({ number: from + at, text, source: 'stdout' as const, atMs: 1 }));

  it('are missing until they are read, and then stay', () => {
    const lines = new LineIndex();
    lines.begin(5_000, numbered(4_999, 'y', 'z'), []);
    expect([lines.count, lines.isWhole, lines.line(4_999)?.text, lines.line(1)]).toEqual([
      5_000,
      false,
      'y',
      undefined,
    ]);
    expect(lines.firstMissing(4_990, 5_000)).toBe(4_990);
    expect(lines.firstMissing(4_999, 9_000)).toBeNull();
    lines.put(numbered(1, 'a', 'b'));
    lines.put(numbered(2, 'other', 'c'));
    expect([1, 2, 3].map((number) => lines.line(number)?.text)).toEqual(['a', 'b', 'c']);
    expect(lines.firstMissing(1, 10)).toBe(4);
  });

  it('are followed by those that are written, and an open one goes on', () => {
    const lines = new LineIndex();
    lines.begin(2, numbered(1, 'a', 'be'), [{ source: 'stdout', number: 2 }]);
    lines.append('gin\nc\n', 'stdout', 2);
    expect([1, 2, 3].map((number) => lines.line(number)?.text)).toEqual(['a', 'begin', 'c']);
    expect([lines.count, lines.isWhole]).toEqual([3, true]);
  });

  it('that were open and not read are read when they have ended, so no part of them is lost or doubled', () => {
    const lines = new LineIndex();
    lines.begin(1_000, numbered(1_000, 'z'), [{ source: 'stderr', number: 3 }]);
    lines.append('more', 'stderr', 2);
    lines.put([{ number: 3, text: 'begun, more', source: 'stderr', atMs: 1 }]);
    expect([lines.line(3), lines.firstMissing(3, 3)]).toEqual([undefined, null]);
    lines.append(' end\nnext\n', 'stderr', 2);
    expect(lines.firstMissing(3, 3)).toBe(3);
    lines.put([{ number: 3, text: 'begun, more end', source: 'stderr', atMs: 1 }]);
    expect([lines.line(3)?.text, lines.line(1_001)?.text]).toEqual(['begun, more end', 'next']);
  });

  it('carry a colour within what is read together', () => {
    const lines = new LineIndex();
    lines.begin(3, numbered(1, `${esc}[31mred`, 'still', `${esc}[0mplain`), []);
    expect([1, 2, 3].map((number) => lines.line(number)?.style)).toEqual(['', `${esc}[31m`, `${esc}[31m`]);
  });
});

describe('escape sequences', () => {
  it.each([
    [`${esc}[2K${esc}[1Gdone`, 'done'],
    [`${esc}]0;title\u0007text`, 'text'],
    [`${esc}]8;;javascript:alert(1)${esc}\\link${esc}]8;;${esc}\\`, 'link'],
    [`${esc}(Btext`, 'text'],
    [`${esc}`, ''],
    [`cut off ${esc}[3`, 'cut off 3'],
  ])('%j is shown as %j', (text, shown) => expect(withoutEscapes(text)).toBe(shown));

  it('are never part of what a span shows, whatever a worker writes', () => {
    const hostile = fc.array(
      fc.constantFrom(
        esc,
        '[',
        ']',
        ';',
        'm',
        '31',
        '38;5;200',
        '48;2;1;2;3',
        'K',
        '\u0007',
        '\\',
        'text',
        '\r',
        '<b>',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const shown = ansiSpans(parts.join(''))
          .map(({ text }) => text)
          .join('');
        expect(shown).not.toContain(esc);
      }),
    );
  });

  it('give colours of the palette by name and others by their parts', () => {
    expect(ansiSpans(`${esc}[1;32mok${esc}[0m ${esc}[38;2;1;2;3mrgb`)).toMatchObject([
      { text: 'ok', color: 'ansi-green', bold: true },
      { text: ' ', color: null, bold: false },
      { text: 'rgb', color: '1, 2, 3' },
    ]);
  });

  it('leave no style behind after a reset, and a bounded one without', () => {
    expect(styleAfter(`${esc}[1m${esc}[31m${esc}[m`, '')).toBe('');
    expect(styleAfter(`${esc}[31m`.repeat(1_000), '').length).toBeLessThanOrEqual(200);
  });

  it('let a carriage return write over what stood there', () => {
    expect(overwritten('downloading 10%\rdownloading 99%\rdone')).toBe('doneloading 99%');
  });
});

describe('rows', () => {
  it('lead from each row to its line and back, however lines came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 200 }),
        fc.nat({ max: 80 }),
        (lengths, columns) => {
          const at = (line: number) => lengths[line - 1] ?? 0;
          const grown = new RowIndex();
          grown.rebuild(columns, 0, at);
          for (let line = 1; line <= lengths.length; line += 7) grown.extend(line, at);
          grown.extend(lengths.length, at);
          const whole = new RowIndex();
          whole.rebuild(columns, lengths.length, at);
          expect(grown.rows).toBe(whole.rows);
          let row = 0;
          for (let line = 1; line <= lengths.length; line++) {
            expect(grown.rowOf(line)).toBe(row);
            const rows = columns === 0 ? 1 : Math.max(1, Math.ceil(at(line) / columns));
            for (let part = 0; part < rows; part++, row++) expect(grown.at(row)).toEqual({ line, part });
          }
          expect(grown.rows).toBe(row);
        },
      ),
    );
  });
});

describe('following the end', () => {
  const up: FollowEvent = { type: 'moved', direction: 'up', atEnd: false };
  const down: FollowEvent = { type: 'moved', direction: 'down', atEnd: false };
  const toEnd: FollowEvent = { type: 'moved', direction: 'down', atEnd: true };
  const grew: FollowEvent = { type: 'grew' };
  it.each<[string, boolean, FollowEvent[], boolean]>([
    ['growth changes nothing while it follows', true, [grew, grew], true],
    ['growth changes nothing while it does not', false, [grew, toEnd, up, grew], false],
    ['one move up ends it, also at the end', true, [{ ...up, atEnd: true }], false],
    ['a move down that does not reach the end begins nothing', false, [down], false],
    ['a move down that reaches the end begins it', false, [toEnd], true],
    ['a selection ends it', true, [{ type: 'selected' }], false],
    ['a link to a line ends it', true, [{ type: 'went-to-line' }, grew], false],
    ['asking for the end begins it', false, [{ type: 'asked-for-end' }, grew], true],
  ])('%s', (_, begin, events, end) => expect(events.reduce(follows, begin)).toBe(end));
});
