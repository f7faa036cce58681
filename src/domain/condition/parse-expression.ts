import { limits } from '../limits.js';
import { nearest } from '../suggest.js';
import { variableNameFault } from '../variables.js';
import {
  type CompareOperator,
  ConditionError,
  type Expression,
  jobFields,
  runFields,
  type StatusFunction,
  type ValueFunction,
  valueFunctions,
} from './expression.js';
import {
  count,
  describe,
  functionOrText,
  listed,
  statusFunctions,
  tooDeep,
  unknownFunction,
  unknownName,
} from './expression-errors.js';
import { functionRules } from './functions.js';
import { type Token, tokenize } from './lexer.js';
import type { ContextName, ParseFor } from './site.js';
import { checkTypes } from './types.js';

const contextNames: readonly ContextName[] = ['needs', 'inputs', 'vars', 'run', 'matrix', 'job'];
const compareOperators: readonly string[] = ['==', '!=', '<', '<=', '>', '>='] satisfies CompareOperator[];
const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Parses the expression between two offsets of a text. The grammar, loosest first:
 *
 *     or      = and  { ("||" | "or") and }
 *     and     = not  { ("&&" | "and") not }
 *     not     = ("!" | "not") not | compare
 *     compare = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
 *     operand = value { member | "[" index "]" }
 *     value   = "(" or ")" | "!" operand | text | number | "true" | "false" | "null"
 *             | status "()" | function "(" [ or { "," or } ] ")"
 *             | "needs" member ".result" | "needs" member ".outputs" member
 *             | ("inputs" | "vars" | "run" | "job") member
 *     member  = "." identifier | "[" text "]"
 *
 * `!` binds as tightly as in other languages (`!a == b` is `(!a) == b`), the word `not` takes a whole comparison. Only JSON
 * has members beyond those of the names.
 *
 * @throws ConditionError and nothing else
 */
export function parseExpression(source: string, start: number, end: number, parseFor: ParseFor): Expression {
  const root = new Parser(tokenize(source, start, end), parseFor).parse();
  checkTypes(root, parseFor);
  return root;
}

class Parser {
  readonly #for: ParseFor;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], parseFor: ParseFor) {
    this.#tokens = tokens;
    this.#for = parseFor;
  }

  parse(): Expression {
    if (this.#peek().kind === 'end') {
      throw new ConditionError(`${this.#for.site.what} is empty`, this.#peek().start);
    }
    const root = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end')
      throw new ConditionError(`expected an operator or the end, found ${describe(rest)}`, rest.start);
    return root;
  }

  #or(): Expression {
    return this.#series('or', '||', () => this.#and());
  }

  #and(): Expression {
    return this.#series('and', '&&', () => this.#not());
  }

  #series(kind: 'and' | 'or', sign: string, operand: () => Expression): Expression {
    const first = operand();
    const operands = [first];
    while (this.#takeSymbol(sign) || this.#takeWord(kind)) operands.push(operand());
    return operands.length === 1 ? first : { kind, operands, start: first.start, end: this.#endOfLast() };
  }

  #not(): Expression {
    const { start } = this.#peek();
    if (!this.#takeWord('not')) return this.#compare();
    const operand = this.#nested(start, () => this.#not());
    return { kind: 'not', operand, start, end: operand.end };
  }

  #compare(): Expression {
    const left = this.#operand();
    const operator = this.#takeCompareOperator();
    if (operator === null) return left;
    const right = this.#operand();
    const next = this.#peek();
    if (next.kind === 'symbol' && compareOperators.includes(next.text)) {
      throw new ConditionError('comparisons cannot be chained; join two of them with "&&"', next.start);
    }
    return { kind: 'compare', operator, left, right, start: left.start, end: right.end };
  }

  /** A value with its members: `inputs.regions[0].name`. */
  #operand(): Expression {
    let value = this.#value();
    let depth = this.#depth;
    while (canHaveMembers(value)) {
      const next = this.#peek();
      if (next.kind !== 'symbol' || (next.text !== '.' && next.text !== '[')) break;
      if (++depth > limits.conditionDepth) throw tooDeep(next.start);
      const key = this.#memberOrIndex();
      value = { kind: 'member', of: value, key, start: value.start, end: this.#endOfLast() };
    }
    return value;
  }

  #value(): Expression {
    const token = this.#next();
    switch (token.kind) {
      case 'string':
      case 'number':
        return { kind: 'literal', value: token.value, start: token.start, end: token.end };
      case 'name':
        return this.#named(token);
      case 'symbol':
        if (token.text === '(') return this.#parenthesised(token);
        if (token.text === '!') {
          const operand = this.#nested(token.start, () => this.#operand());
          return { kind: 'not', operand, start: token.start, end: operand.end };
        }
    }
    throw new ConditionError(`expected a value, found ${describe(token)}`, token.start);
  }

  #parenthesised(open: Token): Expression {
    const inner = this.#nested(open.start, () => this.#or());
    this.#expect(')', 'an operator or ")"');
    return { ...inner, start: open.start, end: this.#endOfLast() };
  }

  #named(token: Token & { kind: 'name' }): Expression {
    const word = words.get(token.text);
    if (word !== undefined) return { kind: 'literal', value: word, start: token.start, end: token.end };
    const context = contextNames.find((candidate) => candidate === token.text);
    if (context !== undefined) return this.#context(context, token);
    const status = statusFunctions.find((candidate) => candidate === token.text);
    if (status !== undefined) return this.#status(status, token);
    const called = this.#peekSymbol('(');
    const name = valueFunctions.find((candidate) => candidate === token.text);
    if (name !== undefined && called) return this.#call(name, token);
    if (!called && this.#peekSymbol('.')) {
      const field = this.#tokens[this.#at + 1];
      if (field?.kind === 'name' && (field.text === 'result' || field.text === 'outputs')) {
        const meant = `needs.${token.text}.${field.text}`;
        throw new ConditionError(`unknown name "${token.text}", did you mean "${meant}"?`, token.start);
      }
    }
    const { site } = this.#for;
    if (called) throw new ConditionError(unknownFunction(token.text, site.isCondition), token.start);
    if (name !== undefined) throw new ConditionError(`expected "(" after "${name}"`, this.#peek().start);
    throw new ConditionError(unknownName(token.text, site), token.start);
  }

  #context(context: ContextName, token: Token): Expression {
    const { site } = this.#for;
    if (!site.contexts.includes(context)) {
      const there = listed(
        site.contexts.map((name) => `"${name}"`),
        'and',
      );
      throw new ConditionError(`"${context}" has no value here; there are ${there}`, token.start);
    }
    const { start } = token;
    switch (context) {
      case 'needs':
        return this.#need(start);
      case 'inputs':
        return this.#input(start);
      case 'vars': {
        const at = this.#peek().start;
        const key = this.#member('the name of a variable');
        const fault = variableNameFault(key);
        if (fault !== null) throw new ConditionError(`the name of a variable ${fault}`, at + 1);
        return { kind: 'variable', key, start, end: this.#endOfLast() };
      }
      case 'run':
        return { kind: 'run', field: this.#field('a run', site.runFields ?? runFields), start, end: this.#endOfLast() };
      case 'matrix':
        return this.#matrix(start);
      case 'job': {
        const known = site.hasAttempt ? jobFields : jobFields.filter((field) => field !== 'attempt');
        return { kind: 'job', field: this.#field('a job', known), start, end: this.#endOfLast() };
      }
    }
  }

  #input(start: number): Expression {
    const at = this.#peek().start;
    const key = this.#member('the name of an input');
    const declared = this.#for.inputs?.get(key);
    if (this.#for.inputs !== null && declared === undefined) {
      const near = nearest(key, this.#for.inputs.keys());
      const hint = near === null ? '' : `, did you mean "${near}"?`;
      throw new ConditionError(`the workflow declares no input ${JSON.stringify(key)}${hint}`, at + 1);
    }
    return { kind: 'input', key, type: declared?.type ?? 'string', start, end: this.#endOfLast() };
  }

  #field<T extends string>(whose: string, known: readonly T[]): T {
    const token = this.#peek();
    const written = this.#member(
      listed(
        known.map((field) => `"${field}"`),
        'or',
      ),
    );
    const field = known.find((candidate) => candidate === written);
    if (field !== undefined) return field;
    throw new ConditionError(
      `${whose} has ${listed(
        known.map((one) => `"${one}"`),
        'and',
      )}, not "${written}"`,
      token.start + 1,
    );
  }

  #status(name: StatusFunction, token: Token): Expression {
    if (!this.#for.site.isCondition) {
      throw new ConditionError(`${name}() has a value only in "if"`, token.start);
    }
    if (!this.#takeSymbol('(')) throw new ConditionError(functionOrText(name, this.#peek()), token.start);
    this.#expect(')', `")" at once (${name}() takes no arguments)`);
    return { kind: 'status', name, start: token.start, end: this.#endOfLast() };
  }

  #call(name: ValueFunction, token: Token): Expression {
    this.#next();
    const operands: Expression[] = [];
    if (!this.#takeSymbol(')')) {
      do operands.push(this.#nested(token.start, () => this.#or()));
      while (this.#takeSymbol(','));
      this.#expect(')', 'an operator, "," or ")"');
    }
    const { parameters } = functionRules[name];
    if (operands.length !== parameters.length) {
      const form = `${name}(${parameters.join(', ')})`;
      const given = operands.length === 0 ? 'none' : String(operands.length);
      throw new ConditionError(`${form} takes ${count(parameters.length)}, not ${given}`, token.start);
    }
    return { kind: 'call', name, operands, start: token.start, end: this.#endOfLast() };
  }

  #need(start: number): Expression {
    const job = this.#member('the key of a job');
    const token = this.#peek();
    const field = this.#member('"result" or "outputs"');
    if (field === 'count' || field === 'failed')
      return { kind: 'count', job, of: field, start, end: this.#endOfLast() };
    if (field === 'result') return { kind: 'result', job, start, end: this.#endOfLast() };
    if (field === 'outputs') {
      const key = this.#member('the key of an output');
      return { kind: 'output', job, key, start, end: this.#endOfLast() };
    }
    throw new ConditionError(
      `a need has "result" and "outputs", and with a matrix "count" and "failed", not "${field}"`,
      token.start + 1,
    );
  }

  #matrix(start: number): Expression {
    const at = this.#peek().start;
    const key = this.#member('the name of a value');
    const { matrix } = this.#for;
    if (matrix !== undefined && matrix !== null && !matrix.has(key)) {
      const near = nearest(key, matrix);
      const hint = near === null ? '' : `, did you mean "${near}"?`;
      throw new ConditionError(`the matrix of the job has no ${JSON.stringify(key)}${hint}`, at + 1);
    }
    return { kind: 'matrix', key, start, end: this.#endOfLast() };
  }

  /** `.name`, `['name']` or `[0]`. */
  #memberOrIndex(): string | number {
    const index = this.#tokens[this.#at + 1];
    const { value } = index?.kind === 'number' ? index : { value: -1 };
    if (!this.#peekSymbol('[') || !Number.isInteger(value) || value < 0) return this.#member('the name of a member');
    this.#at += 2;
    this.#expect(']', '"]"');
    return value;
  }

  /** `.name` or `['name']`. */
  #member(what: string): string {
    if (this.#takeSymbol('.')) {
      const token = this.#next();
      if (token.kind === 'name') return token.text;
      throw new ConditionError(`expected ${what} after ".", found ${describe(token)}`, token.start);
    }
    const open = this.#peek();
    if (!this.#takeSymbol('['))
      throw new ConditionError(`expected "." and ${what}, found ${describe(open)}`, open.start);
    const token = this.#next();
    if (token.kind !== 'string') {
      throw new ConditionError(`expected ${what} in quotes after "[", found ${describe(token)}`, token.start);
    }
    this.#expect(']', '"]"');
    return token.value;
  }

  #nested(start: number, read: () => Expression): Expression {
    if (++this.#depth > limits.conditionDepth) {
      throw tooDeep(start);
    }
    const expression = read();
    this.#depth--;
    return expression;
  }

  #takeCompareOperator(): CompareOperator | null {
    const token = this.#peek();
    if (token.kind !== 'symbol' || !compareOperators.includes(token.text)) return null;
    this.#at++;
    return token.text as CompareOperator;
  }

  #peekSymbol(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === text;
  }

  #takeSymbol(text: string): boolean {
    const found = this.#peekSymbol(text);
    if (found) this.#at++;
    return found;
  }

  #takeWord(text: string): boolean {
    const token = this.#peek();
    const found = token.kind === 'name' && token.text === text;
    if (found) this.#at++;
    return found;
  }

  #expect(text: string, what: string): void {
    const token = this.#peek();
    if (!this.#takeSymbol(text)) throw new ConditionError(`expected ${what}, found ${describe(token)}`, token.start);
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? { kind: 'end', start: 0, end: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #endOfLast(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }
}

/** Only values that can be a list or a map: a json input, and results of functions on JSON. */
function canHaveMembers(value: Expression): boolean {
  if (value.kind === 'member' || value.kind === 'matrix' || value.kind === 'output') return true;
  if (value.kind === 'input') return value.type === 'json';
  return value.kind === 'call' && (value.name === 'fromJSON' || value.name === 'default');
}
