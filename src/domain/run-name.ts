import type { RunValues } from './condition/evaluate.js';
import type { DeclaredInputs } from './condition/expression.js';
import { asText, EvaluationBudget, EvaluationError } from './condition/functions.js';
import { sites } from './condition/site.js';
import {
  hasExpression,
  parseTemplate,
  renderTemplate,
  templateReferences,
  unescapeText,
} from './condition/template.js';
import { limits } from './limits.js';
import { oneLine } from './one-line.js';
import type { Variables } from './variables.js';

/** Whether the name of a run contains the name of the token that started it. */
export function namesStarter(source: string, inputs: DeclaredInputs): boolean {
  if (!hasExpression(source)) return false;
  return templateReferences(parseTemplate(source, { site: sites.runName, inputs })).some(
    (reference) => reference.kind === 'run' && reference.field === 'started_by',
  );
}

/**
 * The display name of a run, as one line; null when it is empty. It is for readers only, so a name without a value does
 * not prevent the start: it then appears as it is written.
 */
export function runName(
  source: string,
  declared: DeclaredInputs,
  inputs: ReadonlyMap<string, string>,
  run: RunValues,
  vars: Variables,
): string | null {
  if (!hasExpression(source)) return unescapeText(source);
  const template = parseTemplate(source, { site: sites.runName, inputs: declared });
  const context = { needs: new Map(), inputs, runCancelled: false, run, vars };
  try {
    return oneLine(asText(renderTemplate(template, context, new EvaluationBudget())), limits.nameChars) || null;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return oneLine(source, limits.nameChars);
  }
}
