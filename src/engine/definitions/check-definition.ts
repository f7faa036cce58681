import { DomainError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { type DefinitionGraphResult, definitionGraph } from './definition-graph.js';
import { type DefinitionRows, definitionRows } from './definition-rows.js';
import type { DefinitionTask } from './definition-thread.js';
import { DefinitionThreads } from './definition-threads.js';
import { definitionLimits } from './limits.js';

/** The threads of this process. */
const threads = new DefinitionThreads();

/**
 * Parses and checks a definition, a large one in a thread of its own.
 *
 * @param signal aborted when the result is no longer needed
 *
 * Errors: `too_large`, or `invalid_definition` with every problem and its place.
 */
export async function checkDefinition(task: DefinitionTask, signal: AbortSignal | null): Promise<DefinitionRows> {
  refuseTooLarge(task);
  const result =
    task.text.byteLength <= definitionLimits.inlineBytes
      ? definitionRows(new TextDecoder().decode(task.text), task.format, task.file, task.anyWorker)
      : await threads.check(task, signal);
  if (result.ok) return result.rows;
  const [first] = result.problems;
  const more = result.problems.length > 1 ? ` (and ${result.problems.length - 1} more)` : '';
  throw new DomainError('invalid_definition', `The definition cannot run: ${first?.message ?? ''}${more}`, {
    problems: result.problems,
  });
}

/** The graph of a definition, or its problems; a large one is checked in a thread of its own. Errors: `too_large`. */
export async function definitionGraphOf(
  task: DefinitionTask,
  signal: AbortSignal | null,
): Promise<DefinitionGraphResult> {
  refuseTooLarge(task);
  return task.text.byteLength <= definitionLimits.inlineBytes
    ? definitionGraph(new TextDecoder().decode(task.text), task.format, task.file)
    : threads.graph(task, signal);
}

function refuseTooLarge({ text }: DefinitionTask): void {
  if (text.byteLength <= limits.definitionBytes) return;
  throw new DomainError(
    'too_large',
    `definition: ${text.byteLength} bytes are more than the limit of ${limits.definitionBytes} bytes`,
  );
}
