import { Worker } from 'node:worker_threads';
import { DomainError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { threadEntry } from '../thread-entry.js';
import { type DefinitionRows, type DefinitionRowsResult, definitionRows } from './definition-rows.js';
import type { DefinitionTask } from './definition-thread.js';

/** Texts up to this size are parsed on the event loop, in a few milliseconds at the most. */
const inlineBytesMax = 32 * 1024;

/**
 * Parses and checks a definition, a large one in a thread of its own.
 * Errors: `too_large`, or `invalid_definition` with every problem and its place.
 */
export async function checkDefinition(task: DefinitionTask): Promise<DefinitionRows> {
  if (task.text.byteLength > limits.definitionBytes) {
    throw new DomainError(
      'too_large',
      `definition: ${task.text.byteLength} bytes are more than the limit of ${limits.definitionBytes} bytes`,
    );
  }
  const result =
    task.text.byteLength <= inlineBytesMax
      ? definitionRows(new TextDecoder().decode(task.text), task.format, task.file)
      : await inThread(task);
  if (result.ok) return result.rows;
  const [first] = result.problems;
  const more = result.problems.length > 1 ? ` (and ${result.problems.length - 1} more)` : '';
  throw new DomainError('invalid_definition', `The definition cannot run: ${first?.message ?? ''}${more}`, {
    problems: result.problems,
  });
}

function inThread(task: DefinitionTask): Promise<DefinitionRowsResult> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(threadEntry(import.meta.url, './definition-thread.js'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: 2_048 },
    });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the parsing thread ended with code ${code}`)));
  });
}
