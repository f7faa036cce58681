import { exceedsBytes, limits } from '../limits.js';
import type { Problem } from '../problem.js';
import { Checker, describe, type FoundProblem } from './checker.js';
import type { DefinitionFormat, DefinitionResult } from './definition.js';
import { readJsonSource } from './json-source.js';
import { linkJobs } from './link-jobs.js';
import { fieldOf, pathOf, wholeText } from './place.js';
import { isApiForm, readApiForm } from './read-api-form.js';
import { readWorkflowFile } from './read-workflow-file.js';
import { isSourceObject, LineIndex, type Source, type SourceResult, type TextProblem } from './source.js';
import { readYamlSource } from './yaml-source.js';

/**
 * Reads and checks a definition. All problems are found at once, up to a limit, in the order of their places.
 *
 * @param format `yaml` is a workflow file; `json` is a workflow file written as JSON, or the API's form, whose `jobs`
 * is a list
 * @param file the file's name or path, for messages and as the default name of the workflow; empty when there is none
 */
export function parseDefinition(text: string, format: DefinitionFormat, file: string): DefinitionResult {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (exceedsBytes(body, limits.definitionBytes)) {
    return refuse(file, `the definition takes more than ${limits.definitionBytes} bytes`);
  }
  if (body.trim() === '') return refuse(file, 'the definition is empty');
  const result = readSource(body, format);
  if (!result.ok) return { ok: false, problems: textProblems(result.problems, body, file) };

  const { source } = result;
  const checker = new Checker();
  const { value } = source;
  if (!isSourceObject(value)) {
    if (value === null && source.problems.length === 0) return refuse(file, 'the definition is empty');
    checker.add(`a definition must be a map with "jobs", not ${describe(value)}`, wholeText, null);
    return { ok: false, problems: located(checker, source, body, file) };
  }
  const read = format === 'json' && isApiForm(value) ? readApiForm : readWorkflowFile;
  const draft = read(checker, value, stemOf(file));
  const jobs = linkJobs(checker, draft.jobs, read === readWorkflowFile);
  const variables = [...checker.variables].sort();
  if (variables.length > limits.variablesPerWorkflow) {
    const said = `the workflow names ${variables.length} server variables; at most ${limits.variablesPerWorkflow} are allowed`;
    checker.add(said, wholeText, null);
  }
  if (!checker.isClean || source.problems.length > 0)
    return { ok: false, problems: located(checker, source, body, file) };
  const warnings = placed(checker.warnings, source);
  return { ok: true, definition: { ...draft, jobs, variables }, warnings: inOrder(warnings, 0, body, file) };
}

function readSource(text: string, format: DefinitionFormat): SourceResult {
  try {
    return format === 'json'
      ? readJsonSource(text, limits.definitionDepth)
      : readYamlSource(text, limits.definitionDepth);
  } catch (error) {
    // The YAML library throws for some texts that it should report, such as ones nested too deep for its recursion.
    const cause =
      error instanceof RangeError ? 'it is nested too deep' : error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      problems: [{ message: `not readable as ${format.toUpperCase()}: ${cause}`, path: [], offset: 0 }],
    };
  }
}

function refuse(file: string, message: string): DefinitionResult {
  return { ok: false, problems: [{ message, field: '', job: null, file: nameOf(file), line: null, column: null }] };
}

interface PlacedProblem extends TextProblem {
  readonly job: string | null;
}

function textProblems(found: readonly TextProblem[], text: string, file: string): Problem[] {
  const kept = found.slice(0, limits.problemsReported).map((problem) => ({ ...problem, job: null }));
  return inOrder(kept, found.length - kept.length, text, file);
}

function located(checker: Checker, source: Source, text: string, file: string): Problem[] {
  // A mistake in a value's text is reported once, not again as a missing value.
  const told = new Set(source.problems.map((problem) => fieldOf(problem.path)));
  const all = placed(checker.found, source).filter(({ path }) => path.length === 0 || !told.has(fieldOf(path)));
  for (const problem of source.problems) {
    const [top, key] = problem.path;
    all.push({ ...problem, job: top === 'jobs' && typeof key === 'string' ? key : null });
  }
  const kept = all.slice(0, limits.problemsReported);
  return inOrder(kept, all.length - kept.length + checker.uncounted, text, file);
}

function placed(found: readonly FoundProblem[], source: Source): PlacedProblem[] {
  const offsets = source.locate(found.map((problem) => problem.place));
  return found.map(({ message, place, job }, index) => ({
    message,
    job,
    path: pathOf(place),
    offset: offsets[index] ?? -1,
  }));
}

function inOrder(problems: readonly PlacedProblem[], more: number, text: string, file: string): Problem[] {
  const lines = new LineIndex(text);
  const sorted: Problem[] = [...problems]
    .sort((a, b) => a.offset - b.offset)
    .map(({ message, path, offset, job }) => {
      const position = offset < 0 ? { line: null, column: null } : lines.at(offset);
      return { message, field: fieldOf(path), job, file: nameOf(file), ...position };
    });
  if (more > 0) {
    const message = `and ${more} more problem${more === 1 ? '' : 's'}`;
    sorted.push({ message, field: '', job: null, file: nameOf(file), line: null, column: null });
  }
  return sorted;
}

function nameOf(file: string): string | null {
  return file === '' ? null : file;
}

/** `workflows/ci.yml` → `ci`. */
function stemOf(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const stem = base.replace(/\.(ya?ml|json)$/i, '');
  return stem === '' ? 'workflow' : stem;
}
