import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { databaseFile } from '../open-store.js';
import { isBroken } from '../store/doctor/examine.js';
import { withoutPassword } from '../store/postgres/database-name.js';
import { backupSqliteFile, partialName } from '../store/sqlite/backup-file.js';
import { bytes, copying, whileCopying } from './database-copy.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJsonLine, printLines } from './print.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';
import { duration } from './terminal/times.js';

interface BackupFlags {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph backup`: copies the database to a file while the server runs. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description(summaries.backup)
    .argument('<file>', 'the file to write')
    .option('--force', 'replace an existing file')
    .option('--json', 'print the result as JSON');
  addSettings(command, ['dataDir', 'databaseUrl']);
  addHelp(command, {
    about: [
      'Works beside a running server without blocking it. The backup holds the database as it was when copying began: ' +
        'everything that was acknowledged before is in it. The file appears under its name when it is complete, checked ' +
        '(by SQLite and by the doctor) and on disk. It is a single file.',
      'For PostgreSQL use pg_dump; this command prints the command line.',
    ],
    examples: [
      'workflow-graph backup /backups/workflow-graph-$(date +%F).db',
      'workflow-graph backup --force --data /var/lib/workflow-graph nightly.db',
      'workflow-graph backup --json nightly.db',
    ],
    exitCodes: [
      [0, 'the backup is complete and undamaged'],
      [1, 'there is no backup, or the doctor found damage in it (it is kept, and the findings are printed)'],
      [2, 'wrong usage, or the database is PostgreSQL'],
    ],
  });
  return command.action(async (target: string, flags: BackupFlags) => {
    const { dataDir, databaseUrl } = configOf(command);
    if (databaseUrl !== null) {
      return command.error(
        `error: the database is PostgreSQL; back it up with its own tool:\n  ${pgDump(databaseUrl, target)}`,
        { exitCode: exitCodes.usage },
      );
    }
    const file = join(dataDir, databaseFile);
    const startedAt = performance.now();
    const backup = await whileCopying(command, partialName(resolve(target)), (progress) =>
      backupSqliteFile(
        { file, target: resolve(target), overwrite: flags.force === true },
        copying(progress, file, target),
      ),
    );
    const tookMs = Math.round(performance.now() - startedAt);
    const broken = backup.findings?.filter(isBroken) ?? [];
    if (flags.json) {
      await printJsonLine({
        database: file,
        file: resolve(target),
        bytes: backup.bytes,
        took_ms: tookMs,
        schema: backup.schema,
        checks: backup.findings?.length ?? 0,
        broken,
      });
    } else {
      await printLines([
        `${target}: ${bytes(backup.bytes)} in ${duration(tookMs)}, ${checked(backup.findings?.length, broken.length)}`,
      ]);
      for (const { name, promise, violations } of broken) {
        await printLines([`${name}: ${promise} Violated by: ${violations.join('; ')}`]);
      }
    }
    process.exitCode = broken.length > 0 ? exitCodes.failed : exitCodes.done;
  });
}

function checked(checks: number | undefined, broken: number): string {
  if (checks === undefined)
    return 'checked by SQLite. Its tables have another version: check it with the doctor of that version.';
  if (broken > 0) return `but the doctor found damage: ${broken} of ${checks} checks failed.`;
  return `checked by SQLite and by all ${checks} checks of the doctor.`;
}

function pgDump(databaseUrl: string, target: string): string {
  return `pg_dump --format=custom --file=${shellWord(target)} ${shellWord(withoutPassword(databaseUrl))}`;
}

/** A word, quoted for a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
