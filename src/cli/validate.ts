import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Command } from 'commander';
import { escapeControls } from '../telemetry/escape-controls.js';
import { checkWorkflowFile } from '../workflow-check.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJson, printLines } from './print.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';
import { isWorkflowFile } from './workflow-file.js';

/** `workflow-graph validate`: checks workflow files without a server. */
export function validateCommand(): Command {
  const command = new Command('validate')
    .description(summaries.validate)
    .argument('[file...]', 'workflow files, or directories of them (default: the workflows folder)')
    .option('--json', 'print the result as JSON');
  addSettings(command, ['workflowsDir']);
  addHelp(command, {
    about: [
      'Prints each mistake with its file, line and column, and one line for each file that can run. Of a directory it ' +
        'checks the files that a server would load: *.yml, *.yaml and *.json.',
      'Warnings are about what is allowed but hardly meant, such as a label with a comma. They do not change the exit code.',
    ],
    examples: [
      'workflow-graph validate',
      'workflow-graph validate ci.yml deploy/workflows',
      'workflow-graph validate --json ci.yml',
    ],
    exitCodes: [
      [0, 'every file can run'],
      [1, 'at least one file cannot run, or there is none'],
      [2, 'wrong usage'],
    ],
  });
  return command.action(async (named: string[], flags: { json?: boolean }) => {
    const paths = named.length > 0 ? named : [configOf(command).workflowsDir];
    const files = (await Promise.all(paths.map(filesAt))).flat();
    const checks = await Promise.all(files.map(check));
    if (checks.length === 0) {
      const where = paths.map((path) => JSON.stringify(path)).join(', ');
      command.error(`error: no workflow files (*.yml, *.yaml, *.json) in ${where}`, { exitCode: exitCodes.failed });
    }
    if (flags.json) await printJson(checks.map(printable));
    else for (const result of checks) await print(result);
    process.exitCode = checks.every((result) => result.ok) ? exitCodes.done : exitCodes.failed;
  });
}

/** The path itself, or the workflow files of a directory. An unreadable path is reported as a file. */
async function filesAt(path: string): Promise<readonly string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path)).filter((name) => isWorkflowFile(name)).sort();
  return names.map((name) => join(path, name));
}

type Check = Awaited<ReturnType<typeof check>>;

async function check(file: string) {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    return {
      file,
      ok: false as const,
      problems: [{ message, line: null, column: null }],
      lines: [`${file}: ${message}`],
    };
  }
  return { file, ...checkWorkflowFile(text, extname(file) === '.json' ? 'json' : 'yaml', file) };
}

async function print(result: Check): Promise<void> {
  for (const line of result.lines) process.stderr.write(`${escapeControls(line)}\n`);
  if (!result.ok) return;
  const jobs = result.jobs === 1 ? '1 job' : `${result.jobs} jobs`;
  await printLines([`${escapeControls(result.file)}: ok, ${jobs}`]);
}

/** What the JSON of a check shows. */
function printable(check: Check) {
  const { lines: _lines, ...result } = check;
  if (!('inputs' in result)) return result;
  const { inputs: _inputs, ...shown } = result;
  return shown;
}
