// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a condition may be wrapped in such braces
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConditionContext,
  decideCondition,
  explainCondition,
} from '../../../src/domain/condition/decide-condition.js';
import { ConditionError, type NeedResult, needResults, references } from '../../../src/domain/condition/expression.js';
import { EvaluationError, made } from '../../../src/domain/condition/functions.js';
import { parseCondition } from '../../../src/domain/condition/parse-condition.js';
import { checkNeedsOf, referencedNeeds, runsAfterCancel } from '../../../src/domain/condition/references.js';
import { limits } from '../../../src/domain/limits.js';
import { HintBudget } from '../../../src/domain/suggest.js';

function context(results: Record<string, NeedResult>, more: Partial<ConditionContext> = {}): ConditionContext {
  const outputs = new Map([
    ['version', '1.2.3'],
    ['count', '10'],
    ['flag', 'false'],
    ['empty', ''],
    ['artifact-url', 's3://b'],
    ['dotted.key', 'd'],
  ]);
  const needs = new Map(Object.entries(results).map(([job, result]) => [job, { result, outputs }]));
  return { needs, inputs: { env: 'prod', n: '3' }, runCancelled: false, ...more };
}

const ok = context({ build: 'success', 'unit-test': 'success', 'v1.2': 'success' });
const failed = context({ build: 'failure', lint: 'success' });
const skipped = context({ build: 'skipped' });
const cancelledNeed = context({ build: 'cancelled' });
const cancelledRun = context({ build: 'success' }, { runCancelled: true });
const none = context({});

describe('a condition decides', () => {
  const table: readonly (readonly [source: string, context: ConditionContext, runs: boolean])[] = [
    ['success()', ok, true],
    ['success()', none, true],
    ['success()', failed, false],
    ['success()', skipped, false],
    ['success()', cancelledNeed, false],
    ['success()', cancelledRun, false],
    ['failure()', ok, false],
    ['failure()', failed, true],
    ['failure()', skipped, false],
    ['failure()', cancelledNeed, false],
    ['cancelled()', ok, false],
    ['cancelled()', cancelledNeed, true],
    ['cancelled()', cancelledRun, true],
    ['always()', failed, true],
    ['always()', cancelledRun, true],
    ['!cancelled()', failed, true],
    ['not failure()', ok, true],
    ['success() || failure()', failed, true],
    ['success() or failure()', skipped, false],
    // Without a status function, success() is implied.
    ['true', ok, true],
    ['true', failed, false],
    ['true', cancelledRun, false],
    ['false', ok, false],
    ["fromJSON('[1, 2]')[1] == 2", ok, true],
    ["fromJSON('[1, 2]')[0] == 2", ok, false],
    // A list has no member of that name, whatever the name looks like.
    ["fromJSON('[1, 2]')['1'] == 2", ok, false],
    ["needs.build.result == 'failure'", failed, false],
    ["always() && needs.build.result == 'failure'", failed, true],
    ["always() && needs.build.result != 'success'", skipped, true],
    ["failure() and needs['build'].result == 'failure'", failed, true],
    // Names.
    ["needs.build.outputs.version == '1.2.3'", ok, true],
    ["needs.unit-test.result == 'success'", ok, true],
    ["needs['v1.2'].outputs['dotted.key'] == \"d\"", ok, true],
    ["needs.build.outputs.artifact-url == 's3://b'", ok, true],
    ["inputs.env == 'prod'", ok, true],
    ['inputs[\'env\'] != "prod"', ok, false],
    // Missing values.
    ['needs.build.outputs.nope', ok, false],
    ['!needs.build.outputs.nope', ok, true],
    ['needs.build.outputs.nope == null', ok, true],
    ["needs.build.outputs.nope == ''", ok, true],
    ['needs.build.outputs.empty == null', ok, true],
    ["inputs.nope == 'x'", ok, false],
    ["inputs.__proto__ == ''", ok, true],
    ['inputs.constructor', ok, false],
    ['needs.build.outputs.toString', ok, false],
    // Truth: texts are true unless empty, and outputs are texts.
    ['needs.build.outputs.flag', ok, true],
    ["needs.build.outputs.flag == 'true'", ok, false],
    ["''", ok, false],
    ["'0'", ok, true],
    ['0', ok, false],
    ['-1', ok, true],
    ['null', ok, false],
    // Equality.
    ["'a' == 'a'", ok, true],
    ["'a' == 'A'", ok, false],
    ["'1.0' == '1'", ok, false],
    ["'1.0' == 1", ok, true],
    ["1 == '1x'", ok, false],
    ["'' == 0", ok, false],
    ['null == 0', ok, false],
    ['null == null', ok, true],
    ['1 == 1.0', ok, true],
    ['1e3 == 1000', ok, true],
    ['true == true', ok, true],
    ['true == 1', ok, false],
    ['true != 1', ok, true],
    // Order: by number where both are numbers, else by text.
    ['needs.build.outputs.count > 9', ok, true],
    ["needs.build.outputs.count > '9'", ok, true],
    ["'10' < '9a'", ok, true],
    ["'2026-01-02' < '2026-02-01'", ok, true],
    ['needs.build.outputs.count >= 10', ok, true],
    ['needs.build.outputs.count <= 10', ok, true],
    ['needs.build.outputs.count < 10', ok, false],
    ["'b' >= 'b'", ok, true],
    ["'x' < 1", ok, false],
    ["'x' >= 1", ok, false],
    ['null < 1', ok, false],
    ['null <= null', ok, false],
    ['true > false', ok, false],
    // Grouping: not, then and, then or.
    ['true || true && false', ok, true],
    ['(true || true) && false', ok, false],
    ['!true || true', ok, true],
    ['!(true || true)', ok, false],
    ['not true or true', ok, true],
    ['not 1 == 2', ok, true],
    ['!!true', ok, true],
    ['not not true', ok, true],
    // Writing.
    ['${{ success() }}', ok, true],
    ["  ${{needs.build.outputs.version=='1.2.3'}}  ", ok, true],
    ["'it''s' == \"it's\"", ok, true],
    ['"a\\"b\\\\" == \'a"b\\\'', ok, true],
    ['success()\n&&\ttrue', ok, true],
  ];
  for (const [source, given, runs] of table) {
    it(`${source} → ${runs} (${[...given.needs.values()].map((need) => need.result).join(' ')})`, () => {
      expect(decideCondition(parseCondition(source), given)).toBe(runs);
    });
  }

  it('without an if it is success()', () => {
    for (const given of [ok, none, failed, skipped, cancelledNeed, cancelledRun]) {
      expect(decideCondition(null, given)).toBe(decideCondition(parseCondition('success()'), given));
    }
  });

  it('outputs and inputs may come as objects or Maps', () => {
    const outputs = JSON.parse('{"__proto__": "p"}') as Record<string, string>;
    const given: ConditionContext = {
      needs: new Map([['__proto__', { result: 'success', outputs }]]),
      inputs: new Map([['constructor', 'c']]),
      runCancelled: false,
    };
    const source = "needs.__proto__.outputs.__proto__ == 'p' && inputs.constructor == 'c'";
    expect(decideCondition(parseCondition(source), given)).toBe(true);
  });
});

describe('an invalid condition is refused at its place', () => {
  const table: readonly (readonly [source: string, column: number, message: string])[] = [
    ['', 1, 'the condition is empty'],
    ['  ', 3, 'the condition is empty'],
    ['${{ }}', 5, 'the condition is empty'],
    ['${{ true', 9, 'the condition begins with "${{" but does not end with "}}"'],
    ['${{ true }} && ${{ true }}', 10, 'only the whole condition can be wrapped in ${{ }}'],
    ['true }}', 6, 'only the whole condition can be wrapped in ${{ }}'],
    ['success', 1, `expected "()" after "success"; to compare a result, put it in quotes: 'success'`],
    [
      'needs.build.result == failure',
      23,
      `expected "()" after "failure"; to compare a result, put it in quotes: 'failure'`,
    ],
    ["build.result == 'success'", 1, 'unknown name "build", did you mean "needs.build.result"?'],
    ["success('x')", 9, `expected ")" at once (success() takes no arguments), found the text "x"`],
    ['sucess()', 1, 'unknown function "sucess()", did you mean "success()"?'],
    [
      "format('a', 'b')",
      1,
      'unknown function "format()", there are success(), failure(), always(), cancelled(), contains(), startsWith(), endsWith(), default(), fromJSON(), toJSON(), join() and length()',
    ],
    ['need.build.result', 1, 'unknown name "need", did you mean "needs"?'],
    ['TRUE', 1, 'unknown name "TRUE", did you mean "true"?'],
    ['prod', 1, 'unknown name "prod", put a text in quotes'],
    ['needs', 6, 'expected "." and the key of a job, found the end'],
    ['needs.', 7, 'expected the key of a job after ".", found the end'],
    ['needs[build].result', 7, 'expected the key of a job in quotes after "[", found "build"'],
    ["needs['a'.result", 10, 'expected "]", found "."'],
    ['needs.build', 12, 'expected "." and "result" or "outputs", found the end'],
    [
      'needs.build.output.x',
      13,
      'a need has "result" and "outputs", and with a matrix "count" and "failed", not "output"',
    ],
    ['needs.build.outputs', 20, 'expected "." and the key of an output, found the end'],
    ['inputs', 7, 'expected "." and the name of an input, found the end'],
    ['true &&', 8, 'expected a value, found the end'],
    ['true & false', 6, 'unexpected "&", did you mean "&&" or "and"?'],
    ['true | false', 6, 'unexpected "|", did you mean "||" or "or"?'],
    ["inputs.a = 'b'", 10, 'unexpected "=", did you mean "=="?'],
    ['true false', 6, 'expected an operator or the end, found "false"'],
    ['(true', 6, 'expected an operator or ")", found the end'],
    ['true)', 5, 'expected an operator or the end, found ")"'],
    ['()', 2, 'expected a value, found ")"'],
    ["'open", 1, "the text that begins here has no closing '"],
    ['"open', 1, 'the text that begins here has no closing "'],
    ['"a\\n" == inputs.x', 1, 'the text that begins here has no closing "; a backslash may stand only before " or \\'],
    ['1 < 2 < 3', 7, 'comparisons cannot be chained; join two of them with "&&"'],
    ['1.', 1, 'this is not a number'],
    ['1a', 1, 'this is not a number'],
    ['-', 1, 'this is not a number'],
    ['#', 1, 'unexpected "#"'],
    ['é', 1, 'unexpected "é"'],
    ['😀', 1, 'unexpected "😀"'],
    [
      'needs.a.outputs.ok == true',
      1,
      "a text is never equal to a boolean; compare outputs and inputs with texts, such as 'true'",
    ],
    [
      "!needs.a.result == 'success'",
      1,
      "a text is never equal to a boolean; compare outputs and inputs with texts, such as 'true'",
    ],
    [
      "needs.a.result == 'succeeded'",
      19,
      `a result is never "succeeded", it is success, failure, skipped or cancelled`,
    ],
    ["needs.a.result != 'failed'", 19, `a result is never "failed", it is success, failure, skipped or cancelled`],
    ["'succes' == needs.a.result", 1, `a result is never "succes", did you mean 'success'?`],
    [
      'always() && (needs.a.result == null)',
      32,
      'a result is never null, it is success, failure, skipped or cancelled',
    ],
    [`${'!'.repeat(65)}true`, 65, 'more than 64 parentheses, negations, calls and members inside each other'],
    [`${'not '.repeat(65)}true`, 257, 'more than 64 parentheses, negations, calls and members inside each other'],
  ];
  for (const [source, column, message] of table) {
    it(`${source.slice(0, 60)} → ${message}`, () => {
      try {
        parseCondition(source);
      } catch (error) {
        if (!(error instanceof ConditionError)) throw error;
        expect({ column: error.column, message: error.message }).toEqual({ column, message });
        return;
      }
      expect.unreachable('it was accepted');
    });
  }

  const words = fc.constantFrom(
    ...[
      'success',
      'failure()',
      'always()',
      'needs',
      '.',
      'a',
      'result',
      'outputs',
      'inputs',
      '[',
      ']',
      '(',
      ')',
      '!',
      '!=',
      '==',
      '<',
      '>=',
    ],
    ...[
      '&&',
      '||',
      'and',
      'or',
      'not',
      "'x'",
      '"y"',
      "'",
      '1',
      '-2.5',
      'true',
      'null',
      '${{',
      '}}',
      ' ',
      '\n',
      '&',
      '😀',
    ],
  );
  it('any text either parses or throws a ConditionError with a place within the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (source) => {
          try {
            expect(typeof decideCondition(parseCondition(source), ok)).toBe('boolean');
          } catch (error) {
            if (!(error instanceof ConditionError)) throw error;
            expect(error.offset).toBeGreaterThanOrEqual(0);
            expect(error.offset).toBeLessThanOrEqual(source.length);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('about a condition', () => {
  it('it lists the needs that it uses', () => {
    const condition = parseCondition("needs.a.result == 'success' && needs['b c'].outputs.x || needs.a.outputs.y");
    expect(referencedNeeds(condition)).toEqual(['a', 'b c']);
    expect(referencedNeeds(parseCondition('always()'))).toEqual([]);
  });

  it('it lists the used ones that the job does not need, once each', () => {
    const condition = parseCondition(
      'needs.bild.outputs.x || needs.bild.outputs.y || needs.z.outputs.q || needs.build.outputs.q',
    );
    const errors = checkNeedsOf(references(condition.root), new Set(['build']), new HintBudget());
    expect(errors.map((error) => [error.column, error.message])).toEqual([
      [1, 'it asks about "bild", which is not among the job\'s needs, did you mean "build"?'],
      [49, 'it asks about "z", which is not among the job\'s needs'],
    ]);
  });

  for (const [source, after] of [
    ['always()', true],
    ['!cancelled()', true],
    ['success() && (failure() || cancelled())', true],
    ['failure()', false],
    ["inputs.x == 'always()'", false],
  ] as const) {
    it(`${source} ${after ? 'may' : 'may not'} run after its run was cancelled`, () => {
      expect(runsAfterCancel(parseCondition(source))).toBe(after);
    });
  }

  it('a job without an if does not run after its run was cancelled', () => {
    expect(runsAfterCancel(null)).toBe(false);
  });

  it('it is explained by the values that it uses', () => {
    const condition = parseCondition(
      "failure() && needs.build.result == 'failure' && needs['build'].outputs.nope == inputs.env || failure()",
    );
    expect(explainCondition(condition, failed)).toEqual([
      { text: 'failure()', value: true },
      { text: 'needs.build.result', value: 'failure' },
      { text: "needs['build'].outputs.nope", value: null },
      { text: 'inputs.env', value: 'prod' },
    ]);
  });

  it('an implied success() is explained too', () => {
    expect(explainCondition(parseCondition('inputs.env'), failed)).toEqual([
      { text: 'success()', value: false },
      { text: 'inputs.env', value: 'prod' },
    ]);
    expect(explainCondition(null, ok)).toEqual([{ text: 'success()', value: true }]);
  });

  it('the result is true for every combination of results', () => {
    const results = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...needResults));
    fc.assert(
      fc.property(results, fc.boolean(), (given, runCancelled) => {
        const on = context(given, { runCancelled });
        const decide = (source: string): boolean => decideCondition(parseCondition(source), on);
        expect(decide('success()') && (decide('failure()') || decide('cancelled()'))).toBe(false);
        expect(decide('always()')).toBe(true);
        expect(decide('!success()')).toBe(!decide('success()'));
      }),
    );
  });
});

it('a text produced by an expression is limited in bytes', () => {
  const most = limits.expressionResultBytes;
  expect(made('x'.repeat(most), null)).toHaveLength(most);
  expect(() => made('x'.repeat(most + 1), null)).toThrow(`more than ${most} bytes`);
  expect(() => made(`${'x'.repeat(most - 1)}é`, null)).toThrow(EvaluationError);
});
