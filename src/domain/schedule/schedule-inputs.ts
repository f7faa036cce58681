import { asText, EvaluationBudget, EvaluationError } from '../condition/functions.js';
import { variablesNamed } from '../condition/references.js';
import { sites } from '../condition/site.js';
import {
  hasExpression,
  parseTemplate,
  renderTemplate,
  templateReferences,
  unescapeText,
} from '../condition/template.js';
import { noVariables, type Variables } from '../variables.js';
import type { Schedule } from './schedule.js';

const parseFor = { site: sites.schedule, inputs: null };

/** A scheduled time for expressions and readers: RFC 3339 in UTC, without fractions. */
export function scheduledAtText(slotMs: number): string {
  return new Date(slotMs).toISOString().replace(/\.000Z$/, 'Z');
}

/** The server variables that the inputs of a schedule read. */
export function variablesOfSchedule({ inputs }: Pick<Schedule, 'inputs'>): string[] {
  return Object.values(inputs)
    .filter(hasExpression)
    .flatMap((text) => variablesNamed(templateReferences(parseTemplate(text, parseFor))));
}

/**
 * The inputs of the run of a slot. One whose expression has no value is omitted.
 *
 * @throws EvaluationError naming the input
 */
export function inputsOfSlot(
  { inputs }: Pick<Schedule, 'inputs'>,
  slotMs: number,
  vars: Variables = noVariables,
): Map<string, string> {
  const run = { id: null, workflow: null, trigger: 'schedule', scheduled_at: scheduledAtText(slotMs) };
  const context = { needs: new Map(), inputs: {}, runCancelled: false, run, vars };
  const budget = new EvaluationBudget();
  const texts = new Map<string, string>();
  for (const [name, text] of Object.entries(inputs)) {
    if (!hasExpression(text)) {
      texts.set(name, unescapeText(text));
      continue;
    }
    try {
      const value = renderTemplate(parseTemplate(text, parseFor), context, budget);
      if (value !== null) texts.set(name, asText(value));
    } catch (error) {
      throw error instanceof EvaluationError ? new EvaluationError(`inputs.${name}: ${error.message}`) : error;
    }
  }
  return texts;
}
