import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { checkWorkflowFile } from '../workflow-check.js';
import { exitCodes } from './exit-codes.js';
import { harmless } from './terminal/harmless.js';

/** A workflow file that can run. */
export interface WorkflowFile {
  readonly name: string;
  /** Its stem: `ci` of `workflows/ci.yml`. */
  readonly id: string;
  readonly text: string;
  readonly format: 'yaml' | 'json';
}

const endings: ReadonlySet<string> = new Set(['.yml', '.yaml', '.json']);

/**
 * Whether the argument is the path of a file and not a workflow's id: it has a slash, or ends as workflow files do. What
 * happens to lie in the current directory does not matter.
 */
export function isFilePath(argument: string): boolean {
  return /[\\/]/.test(argument) || endings.has(extname(argument).toLowerCase());
}

/** Reads and checks a file. Prints every mistake with its place, and ends the process, when it cannot run. */
export async function readWorkflowFile(command: Command, path: string): Promise<WorkflowFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return command.error(`error: ${harmless(path)} cannot be read: ${(error as Error).message}`, {
      exitCode: exitCodes.notFound,
    });
  }
  const format = extname(path).toLowerCase() === '.json' ? 'json' : 'yaml';
  const check = checkWorkflowFile(text, format, path);
  if (!check.ok) return command.error(harmless(check.lines.join('\n')), { exitCode: exitCodes.notAccepted });
  return { name: basename(path), id: basename(path, extname(path)), text, format };
}
