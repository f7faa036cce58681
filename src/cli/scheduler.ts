import { Command } from 'commander';
import { ConfigError } from '../config.js';
import { startScheduler } from '../server.js';
import { isStoreFailure } from '../store/store.js';
import { logOf, onStopSignal } from './serve.js';
import { addSettings, configOf } from './settings-options.js';

const examples = `
Servers do all this by themselves. With API_ONLY they leave it to this command, of which one or more may run.

Examples:
  $ DATABASE_URL=postgres://user@db/workflows API_ONLY=true workflow-graph serve
  $ DATABASE_URL=postgres://user@db/workflows workflow-graph scheduler

SIGTERM or SIGINT: finishes what it is at, and exits with 0. A second one exits at once.
Exit codes: 0 stopped by a signal, 1 it could not start, 2 a setting is wrong.`;

/** `workflow-graph scheduler`: ends what falls due on a PostgreSQL database, until a signal. */
export function schedulerCommand(): Command {
  const command = new Command('scheduler')
    .description('end expired leases and timeouts, queue retries and prune, on PostgreSQL, without serving')
    .addHelpText('after', examples);
  addSettings(command, [
    'databaseUrl',
    'databaseListenUrl',
    'insecureDurability',
    'reapIntervalSecs',
    'doctorIntervalSecs',
    'retentionRunsDays',
    'retentionLogsDays',
    'retentionAuditDays',
    'logLevel',
    'logFormat',
  ]);
  return command.action(async () => {
    const config = configOf(command);
    const log = logOf(config);
    const scheduler = await startScheduler(config, log).catch((error: unknown) => {
      const known = error instanceof ConfigError || isStoreFailure(error);
      if (known) return command.error(`error: ${error.message}`, { exitCode: error instanceof ConfigError ? 2 : 1 });
      throw error;
    });
    const stopAsked = Promise.withResolvers<void>();
    onStopSignal(log, stopAsked.resolve);
    log.info('scheduling');
    // Its timers alone do not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    await stopAsked.promise;
    clearInterval(alive);
    await scheduler.stop();
    log.info('stopped');
    process.exit(0);
  });
}
