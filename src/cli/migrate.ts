import { Command } from 'commander';
import { migrateStore } from '../open-store.js';
import { copyDatabase } from '../store/copy/copy-database.js';
import { openCopyEnd } from '../store/copy/copy-end.js';
import { isStoreFailure } from '../store/store.js';
import { addHelp } from './help.js';
import { printJsonLine, printLines } from './print.js';
import { ProgressLine } from './progress-line.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';

interface MigrateFlags {
  readonly json?: boolean;
  readonly from?: string;
  readonly to?: string;
}

/** `workflow-graph migrate`: upgrades the database to this version of the program, or copies it to another one. */
export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description(summaries.migrate)
    .option('--from <database>', 'the database to copy: sqlite:<file> or postgres://…')
    .option('--to <database>', 'an empty database to copy to: sqlite:<file> or postgres://…')
    .option('--json', 'print the result as JSON');
  addSettings(command, ['dataDir', 'databaseUrl']);
  addHelp(command, {
    about: [
      'Without --from and --to it upgrades the tables. A server does this by itself when it starts. To do it before: with ' +
        'SQLite while no server runs, with PostgreSQL also while servers of the version before run.',
      'With --from and --to it copies everything from one database to another: definitions, runs, logs, outputs, tokens ' +
        'and live leases. Stop every server first; workers can keep running, their leases are valid at the new server. ' +
        'The target must be empty. Afterwards it reads both again and compares them. Repeat an interrupted copy to resume ' +
        'it.',
    ],
    examples: [
      'workflow-graph migrate --data /var/lib/workflow-graph',
      'workflow-graph migrate --database-url postgres://user@db/workflows',
      'workflow-graph migrate --from sqlite:data/workflow-graph.db \\\n      --to postgres://user@db/workflows',
    ],
  });
  return command.action(async (flags: MigrateFlags) => {
    try {
      if (flags.from !== undefined && flags.to !== undefined) await copy(flags.from, flags.to, flags.json === true);
      else if (flags.from === undefined && flags.to === undefined) await upgrade(command, flags.json === true);
      else command.error('error: --from and --to need each other', { exitCode: 2 });
    } catch (error) {
      if (isStoreFailure(error)) command.error(`error: ${error.message}`, { exitCode: 1 });
      throw error;
    }
  });
}

async function upgrade(command: Command, asJson: boolean): Promise<void> {
  const { database, done } = await migrateStore(configOf(command));
  if (asJson) await printJsonLine({ database, migrations: done });
  else if (done.length === 0) await printLines([`${database} is up to date.`]);
  else await printLines(done.map(({ name }) => `${database}: ${name} done`));
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
      if (asJson) await printJsonLine({ from: from.name, to: to.name, ...report });
      else {
        const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
        await printLines([`Copied ${rows} rows of ${report.tables.length} tables to ${to.name} and compared them.`]);
      }
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}
