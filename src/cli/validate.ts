import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Command } from 'commander';
import { checkWorkflowFile } from '../workflow-check.js';

const examples = `
Prints every mistake with its file, line and column, and a line for each file that can run.

Examples:
  $ workflow-graph validate workflows/*.yml
  $ workflow-graph validate --json ci.yml

Exit codes: 0 every file can run, 1 at least one cannot, 2 the command was written wrongly.`;

/** `workflow-graph validate`: checks workflow files without a server. */
export function validateCommand(): Command {
  const command = new Command('validate')
    .description('check workflow files')
    .argument('<file...>', 'workflow files: *.yml, *.yaml or *.json')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  return command.action(async (files: string[], flags: { json?: boolean }) => {
    const checks = await Promise.all(files.map(check));
    if (flags.json) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
    else for (const result of checks) print(result);
    process.exitCode = checks.every((result) => result.ok) ? 0 : 1;
  });
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

function print(result: Check): void {
  if (result.ok) {
    const jobs = result.jobs === 1 ? '1 job' : `${result.jobs} jobs`;
    process.stdout.write(`${result.file}: ok, ${jobs}\n`);
    return;
  }
  for (const line of result.lines) process.stderr.write(`${line}\n`);
}
