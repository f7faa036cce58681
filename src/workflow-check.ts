import type { DefinitionFormat } from './domain/definition/definition.js';
import { parseDefinition } from './domain/definition/parse-definition.js';
import { formatProblem, type Problem } from './domain/problem.js';

export type WorkflowCheck =
  | { readonly ok: true; readonly name: string; readonly jobs: number }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly lines: readonly string[] };

/** Checks the text of a workflow file, as the server would when it loads it. */
export function checkWorkflowFile(text: string, format: DefinitionFormat, file: string): WorkflowCheck {
  const result = parseDefinition(text, format, file);
  if (result.ok) return { ok: true, name: result.definition.name, jobs: result.definition.jobs.length };
  return { ok: false, problems: result.problems, lines: result.problems.map(formatProblem) };
}
