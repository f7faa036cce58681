import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { databaseFile } from '../open-store.js';
import { withoutPassword } from '../store/postgres/database-name.js';
import { partialName } from '../store/sqlite/backup-file.js';
import { restoreSqliteFile } from '../store/sqlite/restore-file.js';
import { shellWord } from './backup.js';
import { bytes, copying, whileCopying } from './database-copy.js';
import { exitCodes } from './exit-codes.js';
import { printJsonLine, printLines } from './print.js';
import { addSettings, configOf } from './settings-options.js';
import { duration } from './terminal/times.js';

const examples = `
The server must not run. The file is copied and checked before anything is touched: that it is a database of this program,
undamaged, and not of a newer version; tables of an older version are brought up to date at the next start. The file itself
stays as it is. With --force a database that is there is kept under another name beside it.

What has happened since the backup is forgotten: jobs that have run since may run again.

Examples:
  $ workflow-graph restore /backups/workflow-graph-2026-11-01.db
  $ workflow-graph restore --force --data /var/lib/workflow-graph nightly.db
  $ workflow-graph restore nightly.db && workflow-graph doctor && workflow-graph serve

Exit codes: 0 restored; 1 it was not, and nothing was changed; 2 the command was written wrongly, or the database is
PostgreSQL.`;

interface RestoreFlags {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph restore`: makes a backup the database of a server that does not run. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('make a backup the database of a server that does not run')
    .argument('<file>', 'what backup has made')
    .option('--force', 'put a database that is there aside, under another name')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, ['dataDir', 'databaseUrl']);
  return command.action(async (backup: string, flags: RestoreFlags) => {
    const { dataDir, databaseUrl } = configOf(command);
    if (databaseUrl !== null) {
      return command.error(
        `error: the database is PostgreSQL, which has its own tool; into an empty database:\n  ${pgRestore(databaseUrl, backup)}`,
        { exitCode: exitCodes.usage },
      );
    }
    const file = join(dataDir, databaseFile);
    const startedAt = performance.now();
    const restored = await whileCopying(command, partialName(file), (progress) =>
      restoreSqliteFile(
        { backup: resolve(backup), file, replace: flags.force === true, nowMs: Date.now() },
        copying(progress, backup, file),
      ),
    );
    const tookMs = Math.round(performance.now() - startedAt);
    const { kept, schema } = restored;
    if (flags.json) {
      printJsonLine({ file: resolve(backup), database: file, bytes: restored.bytes, took_ms: tookMs, schema, kept });
      return;
    }
    printLines([
      `${file}: ${bytes(restored.bytes)} from ${backup} in ${duration(tookMs)}, checked by SQLite.`,
      ...(schema === 'older' ? ['Its tables are of an older version; the next start brings them up to date.'] : []),
      ...(kept === null ? [] : [`The database that was there is ${kept} now.`]),
    ]);
  });
}

function pgRestore(databaseUrl: string, file: string): string {
  return `pg_restore --single-transaction --no-owner --dbname=${shellWord(withoutPassword(databaseUrl))} ${shellWord(file)}`;
}
