import type { ConditionContext } from '../condition/evaluate.js';
import type { DeclaredInputs, Reference } from '../condition/expression.js';
import { EvaluationBudget, EvaluationError } from '../condition/functions.js';
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
import { expandMatrix } from './expand-matrix.js';
import type { Combination } from './matrix-spec.js';

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

/** A matrix whose texts with expressions are parsed. */
export interface ParsedMatrix {
  readonly source: JsonValue;
  readonly templates: ReadonlyMap<string, Template>;
}

/** The texts of a matrix that have expressions in them. */
export function matrixTemplates(source: JsonValue): string[] {
  if (typeof source === 'string') return hasExpression(source) ? [source] : [];
  if (Array.isArray(source)) return source.flatMap(matrixTemplates);
  return isJsonObject(source) ? Object.values(source).flatMap(matrixTemplates) : [];
}

export function parseMatrix(source: JsonValue, inputs: DeclaredInputs): ParsedMatrix {
  const texts = new Set(matrixTemplates(source));
  const parsed = [...texts].map((text) => [text, parseTemplate(text, { site: sites.matrix, inputs })] as const);
  return { source, templates: new Map(parsed) };
}

export function matrixReferences({ templates }: ParsedMatrix): Reference[] {
  return [...templates.values()].flatMap(templateReferences);
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
