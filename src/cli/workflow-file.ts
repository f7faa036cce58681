import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { escapeControls } from '../telemetry/escape-controls.js';
import { checkWorkflowFile } from '../workflow-check.js';
import { exitCodes } from './exit-codes.js';
import type { AskedInput } from './run-inputs.js';

/** A workflow file without mistakes. */
export interface WorkflowFile {
  readonly name: string;
  /** Its stem: `ci` of `workflows/ci.yml`. */
  readonly id: string;
  readonly text: string;
  readonly format: 'yaml' | 'json';
  /** The inputs that it declares. */
  readonly inputs: readonly AskedInput[];
}

const endings: ReadonlySet<string> = new Set(['.yml', '.yaml', '.json']);

/**
 * Whether the argument is the path of a file and not a workflow's id: it has a slash, or a workflow file's extension.
 * The files in the current directory do not matter.
 */
export function isFilePath(argument: string): boolean {
  return /[\\/]/.test(argument) || endings.has(extname(argument).toLowerCase());
}

/** Whether a server loads a file of this name from its folder. */
export function isWorkflowFile(name: string): boolean {
  return !name.startsWith('.') && endings.has(extname(name));
}

/** Reads and checks a file, and prints its warnings. For an invalid file, prints the mistakes and ends the process. */
export async function readWorkflowFile(command: Command, path: string): Promise<WorkflowFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return command.error(`error: ${escapeControls(path)} cannot be read: ${(error as Error).message}`, {
      exitCode: exitCodes.notFound,
    });
  }
  const format = extname(path).toLowerCase() === '.json' ? 'json' : 'yaml';
  const check = checkWorkflowFile(text, format, path);
  if (!check.ok) return command.error(escapeControls(check.lines.join('\n')), { exitCode: exitCodes.notAccepted });
  for (const line of check.lines) process.stderr.write(`${escapeControls(line)}\n`);
  return { name: basename(path), id: basename(path, extname(path)), text, format, inputs: check.inputs };
}
