import type { DeclaredInputs } from '../condition/expression.js';
import { sites } from '../condition/site.js';
import { limits } from '../limits.js';
import { type Checker, theWorkflow } from './checker.js';
import type { Place } from './place.js';
import { checkTemplate, isTemplate } from './read-expressions.js';
import type { SourceValue } from './source.js';

/** Reads the display name of the runs. It is stored as written, and evaluated when a run starts. */
export function readRunName(
  checker: Checker,
  value: SourceValue | undefined,
  place: Place,
  inputs: DeclaredInputs,
): string | null {
  if (!isTemplate(value)) return checker.line(theWorkflow, 'run-name', value, place, limits.nameChars);
  checkTemplate(checker, theWorkflow, '"run-name"', value, place, { site: sites.runName, inputs });
  return value;
}
