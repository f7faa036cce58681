import type { DefinitionFormat } from './domain/definition/definition.js';
import { parseDefinition } from './domain/definition/parse-definition.js';
import type { InputDeclaration } from './domain/inputs/declaration.js';
import { formatProblem, type Problem } from './domain/problem.js';

export type WorkflowCheck =
  | {
      readonly ok: true;
      readonly name: string;
      readonly jobs: number;
      /** The inputs that it declares. */
      readonly inputs: readonly InputDeclaration[];
      readonly warnings: readonly Problem[];
      /** The warnings, each with its place. */
      readonly lines: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly lines: readonly string[] };

/** Checks the text of a workflow file as the server does when it loads one. */
export function checkWorkflowFile(text: string, format: DefinitionFormat, file: string): WorkflowCheck {
  const result = parseDefinition(text, format, file);
  if (result.ok) {
    const { definition, warnings } = result;
    const lines = warnings.map((warning) => formatProblem({ ...warning, message: `warning: ${warning.message}` }));
    return {
      ok: true,
      name: definition.name,
      jobs: definition.jobs.length,
      inputs: definition.inputs ?? [],
      warnings,
      lines,
    };
  }
  return { ok: false, problems: result.problems, lines: result.problems.map(formatProblem) };
}
