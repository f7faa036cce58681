import { Command } from 'commander';
import { version } from '../version.js';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { endWithReader } from './print.js';
import { type CommandName, isCommandName, summaries } from './summaries.js';
import { exitAsDocumented } from './usage-errors.js';

/** Commands are loaded when needed: those that talk to a server start without the server's code. */
const loaders: Readonly<Record<CommandName, () => Promise<Command>>> = {
  run: async () => (await import('./run.js')).runCommand(),
  status: async () => (await import('./status.js')).statusCommand(),
  logs: async () => (await import('./logs.js')).logsCommand(),
  why: async () => (await import('./why.js')).whyCommand(),
  cancel: async () => (await import('./cancel.js')).cancelCommand(),
  rerun: async () => (await import('./rerun.js')).rerunCommand(),
  runs: async () => (await import('./runs.js')).runsCommand(),
  workflows: async () => (await import('./workflows.js')).workflowsCommand(),
  gates: async () => (await import('./gates.js')).gatesCommand(),
  pause: async () => (await import('./pause.js')).pauseCommand(),
  resume: async () => (await import('./pause.js')).resumeCommand(),
  pauses: async () => (await import('./pauses.js')).pausesCommand(),
  drain: async () => (await import('./drain.js')).drainCommand(),
  backfill: async () => (await import('./backfill.js')).backfillCommand(),
  schedules: async () => (await import('./schedules.js')).schedulesCommand(),
  variable: async () => (await import('./variable.js')).variableCommand(),
  queue: async () => (await import('./queue.js')).queueCommand(),
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

const names = Object.keys(summaries) as CommandName[];

/** The command line for these arguments, which begin after the program's name. */
export async function program(args: readonly string[]): Promise<Command> {
  const root = emptyProgram();
  // After `help`, and in `complete-words -- status …`, the command is the second word.
  const loaded = args.slice(0, 3).find(isCommandName);
  const commands = await Promise.all(
    names.map((name) => (name === loaded ? loaders[name]() : new Command(name).description(summaries[name]))),
  );
  for (const command of commands) root.addCommand(command);
  if (args[0] === 'complete-words') {
    const { completeWordsCommand } = await import('./completion.js');
    root.addCommand(completeWordsCommand(root), { hidden: true });
  }
  exitAsDocumented(root);
  return root;
}

/** The command line with every command loaded. */
export async function wholeProgram(): Promise<Command> {
  const root = emptyProgram();
  for (const command of await Promise.all(names.map((name) => loaders[name]()))) root.addCommand(command);
  exitAsDocumented(root);
  return root;
}

function emptyProgram(): Command {
  endWithReader();
  const root = new Command('workflow-graph')
    .description('A job server that runs DAGs of jobs on workers written in any language.')
    .version(version, '-V, --version', 'print the version')
    // After a command its own options count: `workflows show` has a `--version`.
    .enablePositionalOptions()
    .helpOption('-h, --help', 'print help; every command has its own')
    .showHelpAfterError('(add --help for help)')
    .configureHelp({ subcommandTerm: (command) => command.name() });
  return addHelp(root, {
    examples: [
      'workflow-graph run ci.yml             # run a file here, without a server',
      'workflow-graph serve --with-worker    # a server and a worker',
      'workflow-graph run ci --watch         # start workflows/ci.yml and watch it',
      'workflow-graph why ci                 # what holds the newest run of ci up?',
      'source <(workflow-graph completion bash)',
    ],
    exitCodes: Object.entries(exitCodes).map(([name, code]) => [
      code,
      exitCodeMeanings[name as keyof typeof exitCodes],
    ]),
  });
}
