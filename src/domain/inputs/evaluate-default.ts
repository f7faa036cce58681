import type { ConditionValue } from '../condition/expression.js';
import { asText, EvaluationBudget, EvaluationError } from '../condition/functions.js';
import { sites } from '../condition/site.js';
import { parseTemplate, renderTemplate } from '../condition/template.js';
import type { Variables } from '../variables.js';
import { canonicalInput } from './canonical-input.js';
import type { InputDeclaration } from './declaration.js';

/** The values that the default of an input can read. */
export interface DefaultContext {
  readonly vars: Variables;
  /** The time of the schedule that starts the run, as text; null for any other run. */
  readonly scheduledAt: string | null;
}

/** The default of an input in canonical form, null when its expression gives none; or what is wrong with it. */
export type EvaluatedDefault = { readonly text: string | null } | { readonly fault: string };

/** Evaluates a default with expressions. */
export function evaluateDefault(
  declaration: InputDeclaration,
  source: string,
  { vars, scheduledAt }: DefaultContext,
): EvaluatedDefault {
  const run = { id: null, workflow: null, trigger: 'api', scheduled_at: scheduledAt };
  const context = { needs: new Map(), inputs: {}, runCancelled: false, run, vars };
  let value: ConditionValue;
  try {
    value = renderTemplate(
      parseTemplate(source, { site: sites.inputDefault, inputs: null }),
      context,
      new EvaluationBudget(),
    );
  } catch (error) {
    if (error instanceof EvaluationError) return { fault: `has a default without a value: ${error.message}` };
    throw error;
  }
  if (value === null) return { text: null };
  const text = declaration.type === 'json' && typeof value !== 'string' ? JSON.stringify(value) : asText(value);
  const canonical = canonicalInput(declaration, text);
  return canonical.ok ? { text: canonical.text } : { fault: `has a default that ${canonical.fault}` };
}
