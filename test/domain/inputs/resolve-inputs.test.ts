import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { InputDeclaration } from '../../../src/domain/inputs/declaration.js';
import { resolveInputs } from '../../../src/domain/inputs/resolve-inputs.js';
import { limits } from '../../../src/domain/limits.js';
import { formatProblem } from '../../../src/domain/problem.js';

function declared(inputs: string): readonly InputDeclaration[] {
  const result = parseDefinition(`inputs: ${inputs}\njobs: { a: { run: x } }\n`, 'yaml', 'ci.yml');
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.definition.inputs ?? [];
}

function resolved(inputs: string, given: Record<string, string>, unknown: readonly string[] = []) {
  return Object.fromEntries(
    resolveInputs(declared(inputs), new Map(Object.entries(given)), unknown, { vars: new Map(), scheduledAt: null }),
  );
}

function refused(inputs: string, given: Record<string, string>, unknown: readonly string[] = []) {
  try {
    resolved(inputs, given, unknown);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.code).toBe('invalid_inputs');
    return error.problems.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

describe('declared inputs', () => {
  for (const [declaration, given, canonical] of [
    ['{ type: boolean }', 'true', 'true'],
    ['{ type: number }', '1e3', '1000'],
    ['{ type: number }', '-0', '0'],
    ['{ type: number }', '1.50', '1.5'],
    ['{ type: number, integer: true, min: 1, max: 20 }', '20', '20'],
    ['{ type: choice, options: [a, 1.10] }', '1.10', '1.10'],
    ['{ type: json }', ' { "a" : [1, 2] } ', '{"a":[1,2]}'],
    ['{ type: json }', 'null', 'null'],
    ['', ' any text\n', ' any text\n'],
    ['{ max_length: 3 }', 'abc', 'abc'],
  ] as const) {
    it(`${declaration} accepts ${given} as ${canonical}`, () => {
      expect(resolved(`{ x: ${declaration} }`, { x: given })).toEqual({ x: canonical });
    });
  }

  for (const [declaration, given, message] of [
    ['{ type: boolean }', 'yes', 'input "x" must be true or false, not "yes"'],
    ['{ type: boolean }', '', 'input "x" must be true or false, not ""'],
    ['{ type: number }', '01', 'input "x" must be a number, not "01"'],
    ['{ type: number }', 'Infinity', 'input "x" must be a number, not "Infinity"'],
    ['{ type: number }', '1e999', 'input "x" must be a number, not "1e999"'],
    [
      '{ type: number }',
      '9007199254740993',
      'input "x" is "9007199254740993", a number too large to be kept exactly; declare it as a string',
    ],
    ['{ type: number, integer: true }', '1.5', 'input "x" must be a whole number, not "1.5"'],
    ['{ type: number, min: 1, max: 20 }', '21', 'input "x" must be a number from 1 to 20, not "21"'],
    ['{ type: number, min: 1 }', '0', 'input "x" must be a number of at least 1, not "0"'],
    ['{ type: number, max: 1 }', '2', 'input "x" must be a number of at most 1, not "2"'],
    [
      '{ type: choice, options: [staging, production] }',
      'stagin',
      'input "x" must be one of "staging", "production", not "stagin"; did you mean "staging"?',
    ],
    ['{ type: json }', '{', 'input "x" must be JSON, not "{"'],
    ['{ max_length: 3 }', 'abcd', 'input "x" has 4 characters; at most 3 are allowed'],
    ['', 'a\0b', 'input "x" contains the character U+0000'],
    ['', '\ud800', 'input "x" contains half of a surrogate pair'],
  ] as const) {
    it(`${declaration} refuses ${JSON.stringify(given)}`, () => {
      expect(refused(`{ x: ${declaration} }`, { x: given })).toEqual([`inputs.x: ${message}`]);
    });
  }

  it('get their defaults, and are omitted without one', () => {
    const inputs =
      '{ a: { default: 1.10 }, b: { type: json, default: [1, {c: d}] }, c: , d: { type: boolean, default: false } }';
    expect(resolved(inputs, {})).toEqual({ a: '1.10', b: '[1,{"c":"d"}]', d: 'false' });
  });

  it('are refused all at once, together with unknown fields', () => {
    const inputs = '{ target: { required: true }, n: { type: number }, odd-one: { type: boolean } }';
    expect(refused(inputs, { n: 'x', 'odd-one': 'y', targte: 'z' }, ['input', 'target'])).toEqual([
      'input: the request has an unknown field "input"; inputs go into "inputs": {"inputs": {"target": …}}',
      'target: the request has an unknown field "target"; inputs go into "inputs": {"inputs": {"target": …}}',
      'inputs.targte: the workflow declares no input "targte", did you mean "target"?',
      'inputs.target: input "target" is required',
      'inputs.n: input "n" must be a number, not "x"',
      'inputs.odd-one: input "odd-one" must be true or false, not "y"',
    ]);
    expect(refused('{}', { a: 'b' })).toEqual(['inputs.a: the workflow declares no input "a"; it takes none']);
  });

  it('are accepted up to their limits and not beyond', () => {
    const most = 'x'.repeat(limits.inputValueBytes);
    expect(resolved('{ x: }', { x: most })).toEqual({ x: most });
    expect(refused('{ x: }', { x: `${most}x` })).toEqual([
      `inputs.x: input "x" takes more than ${limits.inputValueBytes} bytes`,
    ]);
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(refused('{ x: { type: json } }', { x: nested(limits.inputJsonDepth) })).toEqual([]);
    expect(refused('{ x: { type: json } }', { x: nested(limits.inputJsonDepth + 1) })).toEqual([
      'inputs.x: input "x" has more than 64 lists and maps inside each other',
    ]);
    const five = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, most]));
    const four = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, most.slice(1)]));
    expect(refused('{ a: , b: , c: , d: , e: }', four)).toEqual([]);
    expect(refused('{ a: , b: , c: , d: , e: }', five)).toEqual([
      `inputs: the inputs take ${5 * limits.inputValueBytes + 5} bytes; at most ${limits.inputsBytes} are allowed`,
    ]);
  });
});

describe('an invalid declaration is refused at its place', () => {
  for (const [inputs, problem] of [
    ['', '1:1: "inputs" is empty; write {} for a workflow that takes none'],
    ['[]', '1:9: "inputs" must be a map of names to declarations, not a list'],
    ['{ 1x: }', '1:11: the input name "1x" must begin with a letter or "_", then letters, digits, "_" and "-"'],
    ['{ a-b: , a_b: }', '1:18: input "a_b": jobs would find it in INPUT_A_B, as input "a-b"'],
    ['{ x: yes }', '1:14: input "x": it must be a map such as {type: boolean, default: false}, not the text "yes"'],
    [
      '{ x: { type: int } }',
      '1:22: input "x": "type" must be one of "string", "boolean", "number", "choice", "json", not the text "int"',
    ],
    ['{ x: { typ: json } }', '1:16: input "x": unknown key "typ", did you mean "type"?'],
    ['{ x: { min: 1 } }', '1:16: input "x": "min" is for an input of type number, and this one is of type string'],
    ['{ x: { type: number, min: 2, max: 1 } }', '1:35: input "x": "min" is 2, which is more than "max", 1'],
    ['{ x: { type: choice } }', '1:14: input "x": an input of type choice needs "options", a list of texts'],
    ['{ x: { type: choice, options: [a, a] } }', '1:43: input "x": "options" entry 2: "a" appears twice'],
    ['{ x: { type: number, default: a } }', '1:39: input "x": its default must be a number, not "a"'],
    ['{ x: { default: [1] } }', '1:25: input "x": "default" must be a text, a number or a boolean, not a list'],
    ['{ x: { required: 1 } }', '1:26: input "x": "required" must be true or false, not the number 1'],
  ] as const) {
    it(inputs, () => {
      const result = parseDefinition(`inputs: ${inputs}\njobs: { a: { run: x } }\n`, 'yaml', '');
      expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([problem]);
    });
  }

  it(`more than ${limits.inputsPerWorkflow} of them`, () => {
    const many = (count: number) => `{ ${Array.from({ length: count }, (_, at) => `i${at}: `).join(', ')} }`;
    expect(declared(many(limits.inputsPerWorkflow)).length).toBe(limits.inputsPerWorkflow);
    expect(() => declared(many(limits.inputsPerWorkflow + 1))).toThrow('"inputs" has 101 entries; at most 100');
  });
});

describe('a condition knows the declared inputs', () => {
  const problems = (condition: string) => {
    const inputs =
      '{ dry: { type: boolean }, to: { type: choice, options: [staging, production] }, n: { type: number } }';
    const result = parseDefinition(
      `inputs: ${inputs}\njobs:\n  a:\n    run: x\n    if: ${JSON.stringify(condition)}\n`,
      'yaml',
      '',
    );
    return result.ok ? [] : result.problems.map(formatProblem);
  };
  for (const [condition, problem] of [
    [
      "inputs.dry == 'true'",
      '5:9: job "a": "if" at character 1: "dry" is a boolean and never equal to a text; write "inputs.dry"',
    ],
    [
      "'false' == inputs.dry",
      '5:21: job "a": "if" at character 12: "dry" is a boolean and never equal to a text; write "!inputs.dry"',
    ],
    ["inputs.to == 'prod'", '5:23: job "a": "if" at character 14: "prod" is not among the options of input "to"'],
    [
      "inputs.too == 'x'",
      '5:17: job "a": "if" at character 8: the workflow declares no input "too", did you mean "to"?',
    ],
  ] as const) {
    it(condition, () => expect(problems(condition)).toEqual([problem]));
  }
  it('and accepts valid uses', () => {
    for (const condition of [
      'inputs.dry == true',
      '!inputs.dry',
      "inputs.to == 'staging'",
      'inputs.n > 3',
      "inputs.n == '3'",
    ]) {
      expect(problems(condition)).toEqual([]);
    }
  });
});
