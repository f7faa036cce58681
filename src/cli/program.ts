import { Command } from 'commander';
import { version } from '../version.js';
import { migrateCommand } from './migrate.js';
import { serveCommand } from './serve.js';
import { tokenCommand } from './token.js';
import { validateCommand } from './validate.js';
import { workerCommand } from './worker.js';

/** The command line. Exit codes: 0 done, 1 it failed, 2 the command was written wrongly. */
export function program(): Command {
  return new Command('workflow-graph')
    .description('A job server that runs DAGs of jobs on workers written in any language.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; every command has its own')
    .showHelpAfterError('(add --help for help)')
    .exitOverride((error) =>
      process.exit(error.exitCode === 0 ? 0 : error.code.startsWith('commander.') ? 2 : error.exitCode),
    )
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(validateCommand())
    .addCommand(tokenCommand())
    .addCommand(migrateCommand());
}
