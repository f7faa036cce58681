import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.js';
import {
  checkOutputs,
  mergeOutputs,
  OutputScanner,
  type OutputsResult,
  outputsFromObject,
  outputsToObject,
  parseOutputsFile,
  scanOutputs,
} from '../../src/domain/outputs.js';

function entries(result: OutputsResult): [string, string][] {
  if (!result.ok) throw new Error(result.refusal.message);
  return [...result.outputs];
}

function refusal(result: ReturnType<typeof parseOutputsFile>): unknown {
  return result.ok ? 'accepted' : result.refusal;
}

describe('outputs in stdout', () => {
  const table: readonly (readonly [promise: string, stdout: string, outputs: [string, string][]])[] = [
    [
      'are read from separate lines',
      'Compiling\n::set-output version=1.2.3\ndone\n::set-output url=s3://b/x\n',
      [
        ['version', '1.2.3'],
        ['url', 's3://b/x'],
      ],
    ],
    ['may be on a last line without a line end', '::set-output a=1', [['a', '1']]],
    [
      'accept Windows line ends',
      '::set-output a=1\r\n::set-output b=2\r',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['keep later equals signs and blanks', '::set-output a= x=y \n', [['a', ' x=y ']]],
    ['may be empty', '::set-output a=\n', [['a', '']]],
    [
      'are replaced by a later line of the same key',
      '::set-output a=1\n::set-output b=2\n::set-output a=3\n',
      [
        ['a', '3'],
        ['b', '2'],
      ],
    ],
    ['are not read within a line', ' ::set-output a=1\nx::set-output a=1\n', []],
    [
      'are not read without a key or an equals sign',
      '::set-output =1\n::set-output a\n::set-output\n::set-outputs a=1\n',
      [],
    ],
    [
      'may have keys of any kind',
      '::set-output __proto__=1\n::set-output constructor=2\n::set-output a b=3\n',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
        ['a b', '3'],
      ],
    ],
    ['may be in any language', '::set-output größe=😀\n', [['größe', '😀']]],
  ];
  for (const [promise, stdout, outputs] of table) {
    it(promise, () => {
      expect(entries(scanOutputs(stdout))).toEqual(outputs);
    });
  }

  it('are the same however the stdout is split', () => {
    const line = fc.constantFrom(
      '::set-output a=1',
      '::set-output b=x=y\r',
      '::set-output',
      '::set-out',
      'text',
      '',
      ':',
      '::set-output a=',
      '::set-output 😀=é',
    );
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), fc.array(fc.nat(40)), (lines, open, cuts) => {
        const stdout = lines.join('\n') + (open ? '' : '\n');
        const scanner = new OutputScanner();
        let at = 0;
        for (const cut of cuts) {
          scanner.push(stdout.slice(at, at + cut));
          at += cut;
        }
        scanner.push(stdout.slice(at));
        expect(scanner.end()).toEqual(scanOutputs(stdout));
      }),
    );
  });

  it('of a stdout without line ends cost no memory and no time', () => {
    const scanner = new OutputScanner();
    const chunk = 'x'.repeat(1 << 20);
    for (let i = 0; i < 200; i++) scanner.push(chunk);
    scanner.push('\n::set-output a=1\n');
    expect(entries(scanner.end())).toEqual([['a', '1']]);
  });

  it('are refused if a line never ends', () => {
    const scanner = new OutputScanner();
    scanner.push('::set-output a=');
    for (let i = 0; i < 100; i++) scanner.push('x'.repeat(10_000));
    expect(refusal(scanner.end())).toMatchObject({ code: 'value_too_large', key: 'a' });
  });
});

describe('limits of outputs', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `::set-output k${i}=v\n`).join('');
  const set = (key: string, value: string): string => `::set-output ${key}=${value}\n`;
  const large = (bytes: number): string => {
    // Sixteen values with keys of three letters.
    const size = Math.floor(bytes / 16) - 3;
    const last = bytes - 16 * 3 - 15 * size;
    return Array.from({ length: 16 }, (_, i) =>
      set(`k${String(i).padStart(2, '0')}`, 'x'.repeat(i < 15 ? size : last)),
    ).join('');
  };
  const table: readonly (readonly [string, string, string, object])[] = [
    [
      'their number',
      many(limits.outputsPerJob),
      many(limits.outputsPerJob + 1),
      { code: 'too_many_outputs', key: null, limit: 256 },
    ],
    [
      "a key's length",
      set('k'.repeat(limits.outputKeyChars), 'v'),
      set('k'.repeat(limits.outputKeyChars + 1), 'v'),
      { code: 'key_too_long', limit: 200 },
    ],
    [
      "a value's bytes",
      set('k', 'é'.repeat(limits.outputValueBytes / 2)),
      set('k', `${'é'.repeat(limits.outputValueBytes / 2)}x`),
      { code: 'value_too_large', key: 'k', limit: 65_536 },
    ],
    [
      'all bytes',
      large(limits.outputsBytes - 16),
      large(limits.outputsBytes + 1),
      { code: 'outputs_too_large', key: null, limit: 1_048_576 },
    ],
  ];
  for (const [what, good, bad, expected] of table) {
    it(`${what} is accepted at the limit and refused one past it`, () => {
      expect(scanOutputs(good).ok).toBe(true);
      expect(refusal(scanOutputs(bad))).toMatchObject(expected);
    });
  }

  it('allow a known key to change when the number is reached', () => {
    const result = scanOutputs(`${many(limits.outputsPerJob)}::set-output k0=changed\n`);
    expect(result.ok ? result.outputs.get('k0') : result).toBe('changed');
  });

  it('apply to reported outputs and to merged ones', () => {
    const half = (prefix: string) => new Map(Array.from({ length: 200 }, (_, i) => [`${prefix}${i}`, 'v']));
    expect(mergeOutputs(half('a'), half('a')).ok).toBe(true);
    expect(refusal(mergeOutputs(half('a'), half('b')))).toMatchObject({ code: 'too_many_outputs' });
    expect(refusal(checkOutputs(new Map([['', 'v']])))).toEqual({
      code: 'key_missing',
      key: '',
      limit: 0,
      message: 'an output needs a key',
    });
  });
});

it('reported outputs take precedence over scanned ones', () => {
  const merged = mergeOutputs(
    new Map([
      ['a', 'scanned'],
      ['b', 'scanned'],
    ]),
    new Map([
      ['b', 'reported'],
      ['c', 'reported'],
    ]),
  );
  expect(entries(merged)).toEqual([
    ['a', 'scanned'],
    ['b', 'reported'],
    ['c', 'reported'],
  ]);
});

it('outputs convert to an object and back, whatever their keys', () => {
  const object = JSON.parse('{"__proto__": "1", "constructor": "2"}') as Record<string, string>;
  const outputs = outputsFromObject(object);
  expect([...outputs.keys()]).toEqual(['__proto__', 'constructor']);
  expect(JSON.stringify(outputsToObject(outputs))).toBe('{"__proto__":"1","constructor":"2"}');
});

describe('an outputs file', () => {
  const table: readonly (readonly [promise: string, text: string, outputs: [string, string][]])[] = [
    ['may be empty', '', []],
    [
      'has keys and values',
      'a=1\nb=x=y\n',
      [
        ['a', '1'],
        ['b', 'x=y'],
      ],
    ],
    [
      'may have multi-line values',
      'a<<EOF\none\n\ntwo=2\nEOF\nb=1\n',
      [
        ['a', 'one\n\ntwo=2'],
        ['b', '1'],
      ],
    ],
    ['may have an empty multi-line value', 'a<<EOF\nEOF\n', [['a', '']]],
    ['treats << after = as a part of the value', 'a=b<<c\n', [['a', 'b<<c']]],
    ['may have = in a delimiter', 'a<<x=y\n1\nx=y\n', [['a', '1']]],
    [
      'may have Windows line ends',
      'a=1\r\nb<<E\r\nx\r\nE\r\n',
      [
        ['a', '1'],
        ['b', 'x'],
      ],
    ],
    ['may leave out the last line end', 'b<<E\nx\nE', [['b', 'x']]],
    [
      'may have keys of any kind',
      '__proto__=1\nconstructor<<E\n2\nE\n',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
  ];
  for (const [promise, text, outputs] of table) {
    it(promise, () => {
      const result = parseOutputsFile(text);
      expect(result.ok ? [...result.outputs] : result).toEqual(outputs);
    });
  }

  const bad: readonly (readonly [text: string, line: number, message: string])[] = [
    ['a=1\nnonsense\n', 2, 'expected "key=value" or "key<<DELIMITER"'],
    ['=1\n', 1, 'expected "key=value" or "key<<DELIMITER"'],
    ['<<E\nE\n', 1, 'expected "key=value" or "key<<DELIMITER"'],
    ['a<<\n\n', 1, 'no delimiter after "<<"'],
    ['\na<<END\nx\nEND \n', 2, 'the delimiter "END" does not follow'],
  ];
  for (const [text, line, message] of bad) {
    it(`${JSON.stringify(text)} is refused at line ${line}`, () => {
      expect(parseOutputsFile(text)).toEqual({ ok: false, refusal: null, line, message });
    });
  }

  it('has the same limits', () => {
    expect(refusal(parseOutputsFile(`${'k'.repeat(201)}=v`))).toMatchObject({ code: 'key_too_long' });
  });
});
