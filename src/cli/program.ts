import { Command, type CommanderError } from 'commander';
import { version } from '../version.js';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';
import { endWithReader } from './print.js';

/**
 * Every command, loaded when it is needed: those that talk to a server start three times as fast without the server's
 * own code.
 */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.js')).runCommand(),
  status: async () => (await import('./status.js')).statusCommand(),
  logs: async () => (await import('./logs.js')).logsCommand(),
  why: async () => (await import('./why.js')).whyCommand(),
  cancel: async () => (await import('./cancel.js')).cancelCommand(),
  runs: async () => (await import('./runs.js')).runsCommand(),
  workflows: async () => (await import('./workflows.js')).workflowsCommand(),
  workers: async () => (await import('./workers.js')).workersCommand(),
  serve: async () => (await import('./serve.js')).serveCommand(),
  scheduler: async () => (await import('./scheduler.js')).schedulerCommand(),
  worker: async () => (await import('./worker.js')).workerCommand(),
  validate: async () => (await import('./validate.js')).validateCommand(),
  token: async () => (await import('./token.js')).tokenCommand(),
  migrate: async () => (await import('./migrate.js')).migrateCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  backup: async () => (await import('./backup.js')).backupCommand(),
  restore: async () => (await import('./restore.js')).restoreCommand(),
  audit: async () => (await import('./audit.js')).auditCommand(),
  prune: async () => (await import('./prune.js')).pruneCommand(),
  completion: async () => (await import('./completion.js')).completionCommand(),
};

const examples = `
Examples:
  $ workflow-graph run ci.yml                # run a file right here, without a server
  $ workflow-graph serve --with-worker       # a server and a worker on workflows/
  $ workflow-graph run ci --watch            # run workflows/ci.yml on the server and watch it
  $ workflow-graph why ci deploy             # why does that job not run?
  $ source <(workflow-graph completion bash)

Exit codes:
${Object.entries(exitCodes)
  .map(([name, code]) => `  ${String(code).padEnd(4)} ${exitCodeMeanings[name as keyof typeof exitCodes]}`)
  .join('\n')}`;

/** The command line for these arguments, which begin after the program's name. */
export async function program(args: readonly string[]): Promise<Command> {
  endWithReader();
  const root = new Command('workflow-graph')
    .description('A job server that runs DAGs of jobs on workers written in any language.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; every command has its own')
    .showHelpAfterError('(add --help for help)')
    .addHelpText('after', examples);
  const only = Object.hasOwn(commands, args[0] ?? '') ? commands[args[0] ?? ''] : undefined;
  const loads = only === undefined ? Object.values(commands) : [only];
  for (const command of await Promise.all(loads.map((load) => load()))) root.addCommand(command);
  if (only === undefined) {
    const { completeWordsCommand } = await import('./completion.js');
    root.addCommand(completeWordsCommand(root), { hidden: true });
  }
  endWithOurCodes(root);
  return root;
}

/** The library ends with 1 when a command is written wrongly, which here means that something failed. */
function endWithOurCodes(command: Command): void {
  command.exitOverride((error: CommanderError) => {
    if (error.exitCode === 0 || error.code === 'commander.error') process.exit(error.exitCode);
    process.exit(exitCodes.usage);
  });
  for (const child of command.commands) endWithOurCodes(child);
}
