import type { RunValues } from '../condition/evaluate.js';
import type { DeclaredInputs } from '../condition/expression.js';
import { asText, EvaluationBudget, EvaluationError } from '../condition/functions.js';
import { sites } from '../condition/site.js';
import { parseTemplate, renderTemplate } from '../condition/template.js';
import { lineFault } from '../definition/checker.js';
import { DomainError } from '../errors.js';
import { limits } from '../limits.js';
import type { Variables } from '../variables.js';
import { type RunGroup, type RunGroupSpec, runGroupPrefix } from './run-group.js';

/**
 * The group of a run that starts.
 *
 * Errors: `invalid_inputs` when the name of the group has no value, or an invalid one.
 */
export function evaluateGroup(
  { group, ...rules }: RunGroupSpec,
  declared: DeclaredInputs,
  inputs: ReadonlyMap<string, string>,
  run: RunValues,
  vars: Variables,
): RunGroup {
  const context = { needs: new Map(), inputs, run, vars, runCancelled: false };
  const name = nameOf(() => {
    const template = parseTemplate(group, { site: sites.start, inputs: declared });
    return asText(renderTemplate(template, context, new EvaluationBudget()));
  });
  const fault = lineFault(name, limits.groupChars);
  if (fault !== null) throw refused(`the name of the group ${fault}`);
  return { ...rules, key: `${runGroupPrefix}${name}` };
}

function nameOf(render: () => string): string {
  try {
    return render();
  } catch (error) {
    if (error instanceof EvaluationError) throw refused(error.message);
    throw error;
  }
}

function refused(fault: string): DomainError {
  const field = 'concurrency.group';
  const message = `${field}: ${fault}`;
  return new DomainError('invalid_inputs', `The run cannot start: ${message}`, {
    problems: [{ message, field, job: null, file: null, line: null, column: null }],
  });
}
