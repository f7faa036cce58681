import { limits } from '../limits.js';
import { nearest } from '../suggest.js';
import {
  type CompareOperator,
  type Condition,
  ConditionError,
  type Expression,
  type StatusFunction,
} from './expression.js';
import { type Token, tokenize } from './lexer.js';
import { checkTypes } from './types.js';

const statusFunctions: readonly StatusFunction[] = ['success', 'failure', 'always', 'cancelled'];
const compareOperators: readonly string[] = ['==', '!=', '<', '<=', '>', '>='] satisfies CompareOperator[];
const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Parses an `if`. The grammar, loosest first:
 *
 *     or      = and  { ("||" | "or") and }
 *     and     = not  { ("&&" | "and") not }
 *     not     = ("!" | "not") not | compare
 *     compare = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
 *     operand = "(" or ")" | "!" operand | text | number | "true" | "false" | "null"
 *             | function "()" | "needs" name ".result" | "needs" name ".outputs" name | "inputs" name
 *     name    = "." identifier | "[" text "]"
 *
 * `!` binds as tightly as in other languages (`!a == b` is `(!a) == b`), the word `not` takes a whole comparison.
 *
 * @throws ConditionError and nothing else
 */
export function parseCondition(source: string): Condition {
  if (source.length > limits.conditionChars) {
    throw new ConditionError(
      `the condition has ${source.length} characters; at most ${limits.conditionChars} are allowed`,
      0,
    );
  }
  const wrapped = /^\s*\$\{\{/.exec(source);
  const closing = wrapped === null ? null : /\}\}\s*$/.exec(source);
  if (wrapped !== null && closing === null) {
    throw new ConditionError(`the condition begins with "\${{" but does not end with "}}"`, source.length);
  }
  const parser = new Parser(tokenize(source, wrapped?.[0].length ?? 0, closing?.index ?? source.length));
  const root = parser.parse();
  checkTypes(root);
  return { source, root };
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    if (this.#peek().kind === 'end') throw new ConditionError('the condition is empty', this.#peek().start);
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

  #operand(): Expression {
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
    if (token.text === 'needs') return this.#need(token.start);
    if (token.text === 'inputs') {
      const key = this.#member('the name of an input');
      return { kind: 'input', key, start: token.start, end: this.#endOfLast() };
    }
    const name = statusFunctions.find((candidate) => candidate === token.text);
    if (name !== undefined) {
      this.#expect('(', `"()" after "${name}"`);
      this.#expect(')', `")" at once (${name}() takes no arguments)`);
      return { kind: 'status', name, start: token.start, end: this.#endOfLast() };
    }
    const after = this.#peek();
    const called = after.kind === 'symbol' && after.text === '(';
    throw new ConditionError(called ? unknownFunction(token.text) : unknownName(token.text), token.start);
  }

  #need(start: number): Expression {
    const job = this.#member('the key of a job');
    const token = this.#peek();
    const field = this.#member('"result" or "outputs"');
    if (field === 'result') return { kind: 'result', job, start, end: this.#endOfLast() };
    if (field === 'outputs') {
      const key = this.#member('the key of an output');
      return { kind: 'output', job, key, start, end: this.#endOfLast() };
    }
    throw new ConditionError(`a need has "result" and "outputs", not "${field}"`, token.start + 1);
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
      throw new ConditionError(`more than ${limits.conditionDepth} parentheses and negations inside each other`, start);
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

  #takeSymbol(text: string): boolean {
    const token = this.#peek();
    const found = token.kind === 'symbol' && token.text === text;
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

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'string':
      return `the text ${JSON.stringify(token.value)}`;
    case 'number':
      return `the number ${token.value}`;
    default:
      return `"${token.text}"`;
  }
}

function unknownFunction(name: string): string {
  const near = nearest(name, statusFunctions);
  const hint = near === null ? 'there are success(), failure(), always() and cancelled()' : `did you mean "${near}()"?`;
  return `unknown function "${name}()", ${hint}`;
}

function unknownName(name: string): string {
  const near = nearest(name, ['needs', 'inputs', 'true', 'false', 'null', 'and', 'or', 'not', ...statusFunctions]);
  const hint = near === null ? 'put a text in quotes' : `did you mean "${near}"?`;
  return `unknown name "${name}", ${hint}`;
}
