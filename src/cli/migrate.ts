import { Command } from 'commander';
import { migrateStore } from '../open-store.js';
import { copyDatabase } from '../store/copy/copy-database.js';
import { openCopyEnd } from '../store/copy/copy-end.js';
import { isStoreFailure } from '../store/store.js';
import { ProgressLine } from './progress-line.js';
import { addSettings, configOf } from './settings-options.js';

const examples = `
Without --from and --to it brings the tables up to date. A server does this by itself when it starts. Use it before: of
SQLite with no server running, of PostgreSQL also while servers of the version before run.

With --from and --to it carries everything over from one database to another: definitions, runs, logs, outputs, tokens,
live leases. Stop every server first; workers may go on, they find their leases at the new server. The target must be
empty. Afterwards both are read again and compared. A copy that was stopped goes on where it was when it is called again.

Examples:
  $ workflow-graph migrate
  $ workflow-graph migrate --data /var/lib/workflow-graph
  $ workflow-graph migrate --database-url postgres://user@db/workflows
  $ workflow-graph migrate --from sqlite:data/workflow-graph.db --to postgres://user@db/workflows
  $ workflow-graph migrate --from postgres://user@db/workflows --to sqlite:data/workflow-graph.db`;

interface MigrateFlags {
  readonly json?: boolean;
  readonly from?: string;
  readonly to?: string;
}

/** `workflow-graph migrate`: brings the database up to this version of the program, or carries it over to another. */
export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description('bring the database up to this version, or carry it over to another')
    .option('--from <database>', 'the database to carry over: sqlite:<file> or postgres://…')
    .option('--to <database>', 'where to: sqlite:<file> or postgres://…')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, ['dataDir', 'databaseUrl']);
  return command.action(async (flags: MigrateFlags) => {
    try {
      if (flags.from !== undefined && flags.to !== undefined) await copy(flags.from, flags.to, flags.json === true);
      else if (flags.from === undefined && flags.to === undefined) await bringUpToDate(command, flags.json === true);
      else command.error('error: --from and --to belong together', { exitCode: 2 });
    } catch (error) {
      if (isStoreFailure(error)) command.error(`error: ${error.message}`, { exitCode: 1 });
      throw error;
    }
  });
}

async function bringUpToDate(command: Command, asJson: boolean): Promise<void> {
  const { database, done } = await migrateStore(configOf(command));
  if (asJson) process.stdout.write(`${JSON.stringify({ database, migrations: done })}\n`);
  else if (done.length === 0) process.stdout.write(`${database} is up to date.\n`);
  else for (const { name } of done) process.stdout.write(`${database}: ${name} done\n`);
}

async function copy(fromAddress: string, toAddress: string, asJson: boolean): Promise<void> {
  const from = await openCopyEnd(fromAddress, true);
  try {
    const to = await openCopyEnd(toAddress, false);
    try {
      const progress = new ProgressLine(process.stderr);
      const report = await copyDatabase(from, to, ({ phase, table, rows, of }) =>
        progress.say(`${phase === 'copy' ? 'copying' : 'comparing'} ${table}: ${rows} of ${of} rows`),
      );
      progress.end();
      if (asJson) process.stdout.write(`${JSON.stringify({ from: from.name, to: to.name, ...report })}\n`);
      else {
        const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
        process.stdout.write(`${rows} rows of ${report.tables.length} tables are in ${to.name}, compared and equal.\n`);
      }
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}
