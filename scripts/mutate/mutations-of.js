import { parseSync } from 'vite';

const boundaries = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const opposites = { '===': '!==', '!==': '===', '&&': '||', '||': '&&', '+': '-', '-': '+', '*': '/', '/': '*' };

/**
 * The small changes that a source file allows: a boundary moved by one, a comparison or a connective inverted, an
 * operand of a condition or a statement removed, an `if` negated, a constant changed, a function that returns
 * immediately. Each is a range of the text and its replacement.
 */
export function mutationsOf(file, text) {
  const { program, errors } = parseSync(file, text, { lang: 'ts' });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const found = [];
  visit(program, null, (node, parent) => {
    for (const mutation of changesOf(node, parent, text)) found.push(mutation);
  });
  return found;
}

function changesOf(node, parent, text) {
  const { start, end } = node;
  const source = (part) => text.slice(part.start, part.end);
  const replaced = (replacement, what) => ({ start, end, replacement, what });
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const { left, right, operator } = node;
      // String concatenation is not a sum.
      if (operator === '+' && isText(left, right)) return [];
      const other = boundaries[operator] ?? opposites[operator];
      const changed =
        other === undefined ? [] : [replaced(`${source(left)} ${other} ${source(right)}`, `${operator} → ${other}`)];
      if (node.type !== 'LogicalExpression' || operator === '??') return changed;
      return [
        ...changed.map((one) => ({ ...one, replacement: `(${source(left)}) ${other} (${source(right)})` })),
        replaced(`(${source(left)})`, `without: ${operator} ${short(source(right))}`),
        replaced(`(${source(right)})`, `without: ${short(source(left))} ${operator}`),
      ];
    }
    case 'IfStatement':
      return [
        { ...rangeOf(node.test), replacement: `!(${source(node.test)})`, what: 'if negated' },
        { ...rangeOf(node.test), replacement: `false && (${source(node.test)})`, what: 'if never' },
      ];
    case 'ExpressionStatement':
      if (node.directive !== undefined || node.expression.type === 'YieldExpression' || isSuper(node)) return [];
      return [replaced(';', `statement removed: ${short(source(node))}`)];
    case 'Literal':
      if (typeof node.value === 'boolean') return [replaced(String(!node.value), `${node.value} → ${!node.value}`)];
      if (typeof node.value !== 'number' || parent?.type === 'MemberExpression') return [];
      return [replaced(String(node.value + 1), `${node.raw} → ${node.value + 1}`)];
    case 'BlockStatement': {
      if (!/Function/.test(parent?.type ?? '') || node.body.length === 0 || parent.async || parent.generator) return [];
      return [{ start: start + 1, end: start + 1, replacement: ' return;', what: 'function returns at once' }];
    }
    default:
      return [];
  }
}

function visit(node, parent, take) {
  // Types do not exist at run time.
  if (node.type.startsWith('TS') && !/^TS(As|Satisfies|NonNull)/.test(node.type)) return;
  if (node.type === 'ImportDeclaration') return;
  take(node, parent);
  for (const [name, value] of Object.entries(node)) {
    if (name === 'typeAnnotation' || name === 'returnType' || name === 'typeArguments') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && typeof child.type === 'string') visit(child, node, take);
    }
  }
}

function isText(...parts) {
  return parts.some(
    (part) => part.type === 'TemplateLiteral' || (part.type === 'Literal' && typeof part.value === 'string'),
  );
}

function isSuper({ expression }) {
  return expression.type === 'CallExpression' && expression.callee.type === 'Super';
}

function rangeOf({ start, end }) {
  return { start, end };
}

function short(text) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
