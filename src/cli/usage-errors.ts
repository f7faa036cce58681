import type { Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { errorText } from './help.js';

/**
 * Makes a command and those below it end with the documented exit codes, and cut errors that quote very long arguments.
 */
export function exitAsDocumented(command: Command): void {
  command.configureOutput({ outputError: (text, write) => write(errorText(text)) });
  // The library exits with 1 for a usage error; here 1 means that something failed.
  command.exitOverride((error: CommanderError) => {
    if (error.exitCode === 0 || error.code === 'commander.error') process.exit(error.exitCode);
    process.exit(exitCodes.usage);
  });
  for (const child of command.commands) exitAsDocumented(child);
}
