import { join } from 'node:path';
import { Command } from 'commander';
import { databaseFile } from '../server.js';
import { migrateSqliteFile } from '../store/sqlite/open-sqlite-store.js';
import { StoreError } from '../store/store.js';
import { addSettings, configOf } from './settings-options.js';

const examples = `
A server does this by itself when it starts. Use it to bring the tables up to date before, with no server running.

Examples:
  $ workflow-graph migrate
  $ workflow-graph migrate --data /var/lib/workflow-graph`;

/** `workflow-graph migrate`: brings the database up to this version of the program. */
export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description('bring the database up to this version')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, ['dataDir']);
  return command.action(async (flags: { json?: boolean }) => {
    const file = join(configOf(command).dataDir, databaseFile);
    try {
      const done = await migrateSqliteFile(file);
      if (flags.json) process.stdout.write(`${JSON.stringify({ database: file, migrations: done })}\n`);
      else if (done.length === 0) process.stdout.write(`${file} is up to date.\n`);
      else for (const { name } of done) process.stdout.write(`${file}: ${name} done\n`);
    } catch (error) {
      if (error instanceof StoreError) command.error(`error: ${error.message}`, { exitCode: 1 });
      throw error;
    }
  });
}
