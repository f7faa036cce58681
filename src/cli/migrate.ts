import { Command } from 'commander';
import { migrateStore } from '../open-store.js';
import { StoreError } from '../store/store.js';
import { addSettings, configOf } from './settings-options.js';

const examples = `
A server does this by itself when it starts. Use it to bring the tables up to date before: of SQLite with no server
running, of PostgreSQL also while servers of the version before run.

Examples:
  $ workflow-graph migrate
  $ workflow-graph migrate --data /var/lib/workflow-graph
  $ workflow-graph migrate --database-url postgres://user@db/workflows`;

/** `workflow-graph migrate`: brings the database up to this version of the program. */
export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description('bring the database up to this version')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, ['dataDir', 'databaseUrl']);
  return command.action(async (flags: { json?: boolean }) => {
    try {
      const { database, done } = await migrateStore(configOf(command));
      if (flags.json) process.stdout.write(`${JSON.stringify({ database, migrations: done })}\n`);
      else if (done.length === 0) process.stdout.write(`${database} is up to date.\n`);
      else for (const { name } of done) process.stdout.write(`${database}: ${name} done\n`);
    } catch (error) {
      if (error instanceof StoreError) command.error(`error: ${error.message}`, { exitCode: 1 });
      throw error;
    }
  });
}
