import type { ConditionContext } from '../condition/evaluate.js';
import type { DeclaredInputs, Reference } from '../condition/expression.js';
import { EvaluationBudget, EvaluationError, kindOf } from '../condition/functions.js';
import { sites } from '../condition/site.js';
import {
  hasExpression,
  parseTemplate,
  renderTemplate,
  type Template,
  templateReferences,
  unescapeText,
} from '../condition/template.js';
import { bareObject, isJsonObject, type JsonValue } from '../json.js';
import { limits } from '../limits.js';
import { expandMatrix } from './expand-matrix.js';
import type { Combination, Strategy } from './matrix-spec.js';

/** A matrix without expressions as it is meant: with `${{` for each `$${{`. */
export function unescaped(value: JsonValue): JsonValue {
  return mapTexts(value, unescapeText);
}

function mapTexts(value: JsonValue, of: (text: string) => JsonValue): JsonValue {
  if (typeof value === 'string') return of(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, of));
  if (!isJsonObject(value)) return value;
  const values = bareObject<JsonValue>();
  for (const [name, item] of Object.entries(value)) values[name] = mapTexts(item, of);
  return values;
}

/** A matrix whose texts with expressions are parsed, and its `max-parallel`. */
export interface ParsedMatrix {
  readonly source: JsonValue;
  readonly templates: ReadonlyMap<string, Template>;
  readonly maxParallel: number | Template | undefined;
}

/** The texts of a matrix that have expressions in them. */
export function matrixTemplates(source: JsonValue): string[] {
  if (typeof source === 'string') return hasExpression(source) ? [source] : [];
  if (Array.isArray(source)) return source.flatMap(matrixTemplates);
  return isJsonObject(source) ? Object.values(source).flatMap(matrixTemplates) : [];
}

export function parseMatrix(
  { source, maxParallel }: Pick<Strategy, 'source' | 'maxParallel'>,
  inputs: DeclaredInputs,
): ParsedMatrix {
  const texts = new Set(matrixTemplates(source));
  const parsed = (text: string) => parseTemplate(text, { site: sites.matrix, inputs });
  return {
    source,
    templates: new Map([...texts].map((text) => [text, parsed(text)] as const)),
    maxParallel: typeof maxParallel === 'string' ? parsed(maxParallel) : maxParallel,
  };
}

export function matrixReferences(matrix: ParsedMatrix): Reference[] {
  return [...[...matrix.templates.values()].flatMap(templateReferences), ...parallelReferences(matrix)];
}

/** What `max-parallel` reads, also for each child. */
export function parallelReferences({ maxParallel }: ParsedMatrix): Reference[] {
  return maxParallel === undefined || typeof maxParallel === 'number' ? [] : templateReferences(maxParallel);
}

/**
 * The value of `max-parallel`; undefined when there is none.
 *
 * @throws EvaluationError naming the key: `strategy.max-parallel: …`
 */
export function evaluateMaxParallel({ maxParallel }: ParsedMatrix, context: ConditionContext): number | undefined {
  if (maxParallel === undefined || typeof maxParallel === 'number') return maxParallel;
  try {
    const value = renderTemplate(maxParallel, context, new EvaluationBudget());
    const number = typeof value === 'string' && /^[0-9]{1,5}$/.test(value) ? Number(value) : value;
    const max = limits.matrixChildren;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw new EvaluationError(`it must be a whole number from 1 to ${max}, not ${kindOf(value)}`);
  } catch (error) {
    throw error instanceof EvaluationError ? new EvaluationError(`strategy.max-parallel: ${error.message}`) : error;
  }
}

/**
 * The combinations of a matrix.
 *
 * @throws EvaluationError naming the key: `strategy.matrix: exclude[0]: …`
 */
export function evaluateMatrix({ source, templates }: ParsedMatrix, context: ConditionContext): Combination[] {
  const budget = new EvaluationBudget();
  const rendered = (text: string): JsonValue => {
    const template = templates.get(text);
    return template === undefined ? unescapeText(text) : renderTemplate(template, context, budget);
  };
  try {
    return expandMatrix(mapTexts(source, rendered));
  } catch (error) {
    throw error instanceof EvaluationError ? new EvaluationError(`strategy.matrix: ${error.message}`) : error;
  }
}
