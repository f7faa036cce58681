import { Command, type CommanderError } from 'commander';
import { version } from '../version.js';
import { cancelCommand } from './cancel.js';
import { completeWordsCommand, completionCommand } from './completion.js';
import { doctorCommand } from './doctor.js';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';
import { logsCommand } from './logs.js';
import { migrateCommand } from './migrate.js';
import { endWithReader } from './print.js';
import { runCommand } from './run.js';
import { runsCommand } from './runs.js';
import { serveCommand } from './serve.js';
import { statusCommand } from './status.js';
import { tokenCommand } from './token.js';
import { validateCommand } from './validate.js';
import { whyCommand } from './why.js';
import { workerCommand } from './worker.js';
import { workersCommand } from './workers.js';
import { workflowsCommand } from './workflows.js';

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

/** The command line. */
export function program(): Command {
  endWithReader();
  const root = new Command('workflow-graph')
    .description('A job server that runs DAGs of jobs on workers written in any language.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; every command has its own')
    .showHelpAfterError('(add --help for help)')
    .addHelpText('after', examples)
    .addCommand(runCommand())
    .addCommand(statusCommand())
    .addCommand(logsCommand())
    .addCommand(whyCommand())
    .addCommand(cancelCommand())
    .addCommand(runsCommand())
    .addCommand(workflowsCommand())
    .addCommand(workersCommand())
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(validateCommand())
    .addCommand(tokenCommand())
    .addCommand(doctorCommand())
    .addCommand(migrateCommand())
    .addCommand(completionCommand());
  root.addCommand(completeWordsCommand(root), { hidden: true });
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
