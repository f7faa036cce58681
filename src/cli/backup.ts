import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { databaseFile } from '../open-store.js';
import { isBroken } from '../store/doctor/examine.js';
import { withoutPassword } from '../store/postgres/database-name.js';
import { backupSqliteFile, partialName } from '../store/sqlite/backup-file.js';
import { bytes, copying, whileCopying } from './database-copy.js';
import { exitCodes } from './exit-codes.js';
import { printJsonLine, printLines } from './print.js';
import { addSettings, configOf } from './settings-options.js';
import { duration } from './terminal/times.js';

const examples = `
Works beside a running server, which it does not keep waiting. The backup is the database as it was when the copying began:
all that was acknowledged before is in it. It gets its name when it is whole, checked (by SQLite, and by the doctor) and
on disk; stopped earlier, it leaves nothing behind. It is one file, to be kept as any other.

Of PostgreSQL, use pg_dump; the command is printed.

Examples:
  $ workflow-graph backup /backups/workflow-graph-$(date +%F).db
  $ workflow-graph backup --force --data /var/lib/workflow-graph nightly.db
  $ workflow-graph backup --json nightly.db

Exit codes: 0 the backup is there and whole; 1 it is not, or the doctor found damage in it (it is kept, and the findings
are printed); 2 the command was written wrongly, or the database is PostgreSQL.`;

interface BackupFlags {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `workflow-graph backup`: copies the database to a file, while the server goes on. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('copy the database to a file, while the server goes on')
    .argument('<file>', 'the file to make')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, ['dataDir', 'databaseUrl']);
  return command.action(async (target: string, flags: BackupFlags) => {
    const { dataDir, databaseUrl } = configOf(command);
    if (databaseUrl !== null) {
      return command.error(
        `error: the database is PostgreSQL, which has its own tool:\n  ${pgDump(databaseUrl, target)}`,
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
      printJsonLine({
        database: file,
        file: resolve(target),
        bytes: backup.bytes,
        took_ms: tookMs,
        schema: backup.schema,
        checks: backup.findings?.length ?? 0,
        broken,
      });
    } else {
      printLines([
        `${target}: ${bytes(backup.bytes)} in ${duration(tookMs)}, ${checked(backup.findings?.length, broken.length)}`,
      ]);
      for (const { name, promise, violations } of broken) {
        printLines([`${name}: ${promise} This does not hold for: ${violations.join('; ')}`]);
      }
    }
    process.exitCode = broken.length > 0 ? exitCodes.failed : exitCodes.done;
  });
}

function checked(checks: number | undefined, broken: number): string {
  if (checks === undefined) return 'checked by SQLite. It is of another version, whose doctor is to look at it.';
  if (broken > 0) return `and the doctor found damage: ${broken} of ${checks} checks do not hold.`;
  return `checked: SQLite finds it whole, and all ${checks} checks of the doctor hold.`;
}

function pgDump(databaseUrl: string, target: string): string {
  return `pg_dump --format=custom --file=${shellWord(target)} ${shellWord(withoutPassword(databaseUrl))}`;
}

/** A word as a shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
