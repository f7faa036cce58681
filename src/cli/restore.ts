import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { databaseFile } from '../open-store.js';
import { withoutPassword } from '../store/postgres/database-name.js';
import { partialName } from '../store/sqlite/backup-file.js';
import { restoreSqliteFile } from '../store/sqlite/restore-file.js';
import { shellWord } from './backup.js';
import { bytes, copying, whileCopying } from './database-copy.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJsonLine, printLines } from './print.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';
import { duration } from './terminal/times.js';

interface RestoreFlags {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph restore`: restores a backup while the server is stopped. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description(summaries.restore)
    .argument('<file>', 'a file that "backup" wrote')
    .option('--force', 'replace an existing database, and keep it under another name')
    .option('--json', 'print the result as JSON');
  addSettings(command, ['dataDir', 'databaseUrl']);
  addHelp(command, {
    about: [
      'Stop the server first. The file is copied and checked before anything changes: it must be an undamaged database of ' +
        'this program, and not of a newer version. The next start upgrades tables of an older version. The file itself ' +
        'does not change. With --force an existing database is kept under another name beside the new one.',
      'Everything since the backup is lost: jobs that have run since may run again.',
    ],
    examples: [
      'workflow-graph restore /backups/workflow-graph-2026-11-01.db',
      'workflow-graph restore --force --data /var/lib/workflow-graph nightly.db',
      'workflow-graph restore nightly.db && workflow-graph serve',
    ],
    exitCodes: [
      [0, 'restored'],
      [1, 'not restored; nothing has changed'],
      [2, 'wrong usage, or the database is PostgreSQL'],
    ],
  });
  return command.action(async (backup: string, flags: RestoreFlags) => {
    const { dataDir, databaseUrl } = configOf(command);
    if (databaseUrl !== null) {
      return command.error(
        `error: the database is PostgreSQL; restore into an empty database with its own tool:\n  ${pgRestore(databaseUrl, backup)}`,
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
      await printJsonLine({
        file: resolve(backup),
        database: file,
        bytes: restored.bytes,
        took_ms: tookMs,
        schema,
        kept,
      });
      return;
    }
    await printLines([
      `${file}: ${bytes(restored.bytes)} from ${backup} in ${duration(tookMs)}, checked by SQLite.`,
      ...(schema === 'older' ? ['Its tables have an older version; the next start upgrades them.'] : []),
      ...(kept === null ? [] : [`The database that was there before is now ${kept}.`]),
    ]);
  });
}

function pgRestore(databaseUrl: string, file: string): string {
  return `pg_restore --single-transaction --no-owner --dbname=${shellWord(withoutPassword(databaseUrl))} ${shellWord(file)}`;
}
