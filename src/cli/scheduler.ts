import { Command } from 'commander';
import { ConfigError } from '../config.js';
import { startScheduler } from '../server.js';
import { isStoreFailure } from '../store/store.js';
import { addHelp } from './help.js';
import { logOf, onStopSignal } from './serve.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';

/** `workflow-graph scheduler`: expires leases and timeouts on a PostgreSQL database until a signal. */
export function schedulerCommand(): Command {
  const command = new Command('scheduler').description(summaries.scheduler);
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
  addHelp(command, {
    about: [
      'Expires leases and timeouts, queues retries and prunes. Servers do this by themselves; with API_ONLY they leave it ' +
        'to this command. One or more can run.',
      'SIGTERM or SIGINT: finishes the current step and exits. A second signal exits at once.',
    ],
    examples: [
      'DATABASE_URL=postgres://user@db/workflows API_ONLY=true workflow-graph serve',
      'DATABASE_URL=postgres://user@db/workflows workflow-graph scheduler',
    ],
    exitCodes: [
      [0, 'stopped by a signal'],
      [1, 'could not start'],
      [2, 'a setting is wrong'],
    ],
  });
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
    // The timers of the loops do not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    await stopAsked.promise;
    clearInterval(alive);
    await scheduler.stop();
    log.info('stopped');
    process.exit(0);
  });
}
