import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { type Config, ConfigError } from '../config.js';
import { startServer } from '../server.js';
import { isStoreFailure } from '../store/store.js';
import { createLog, type Log } from '../telemetry/log.js';
import { LocalWorker, machineLabels } from './local-worker.js';
import { addSettings, configOf } from './settings-options.js';

const examples = `
--with-worker also starts one worker on this machine, as a process of its own, with the labels of this machine
(${machineLabels().join(', ')}).

Examples:
  $ workflow-graph serve
  $ workflow-graph serve --port 8080 --workflows ci/ --data /var/lib/workflow-graph
  $ HOST=0.0.0.0 TLS_CERT=cert.pem TLS_KEY=key.pem workflow-graph serve

SIGTERM or SIGINT: takes no new calls, lets those under way finish, and exits with 0. A second one exits at once.
Exit codes: 0 stopped by a signal, 1 it could not start, 2 a setting is wrong, 70 the disk failed.`;

/** `workflow-graph serve`: runs the server until a signal. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the server')
    .option('--with-worker', 'also start one worker on this machine')
    .addHelpText('after', examples);
  addSettings(command, [
    'port',
    'host',
    'workflowsDir',
    'dataDir',
    'databaseUrl',
    'databaseListenUrl',
    'insecureDurability',
    'corsOrigins',
    'allowedHosts',
    'apiOnly',
    'reapIntervalSecs',
    'doctorIntervalSecs',
    'retentionRunsDays',
    'retentionLogsDays',
    'retentionAuditDays',
    'tlsCert',
    'tlsKey',
    'logLevel',
    'logFormat',
    'insecure',
    'shutdownTimeoutSecs',
  ]);
  return command.action(async (flags: { withWorker?: boolean }) => {
    const config = configOf(command);
    const log = logOf(config);
    const stopAsked = Promise.withResolvers<void>();
    // Whoever reads that it listens may stop it at once, and in order.
    const catchSignals = () => onStopSignal(log, stopAsked.resolve);
    const server = await startServer(config, log, catchSignals).catch((error: unknown) => {
      const known = error instanceof ConfigError || isStoreFailure(error);
      if (known) return command.error(`error: ${error.message}`, { exitCode: error instanceof ConfigError ? 2 : 1 });
      throw error;
    });
    const worker = flags.withWorker ? new LocalWorker({ serverUrl: server.url, slots: availableParallelism() }) : null;
    if (flags.withWorker) process.stdout.write(welcome(server.url, config));
    await stopAsked.promise;
    await worker?.stop();
    await server.stop();
    log.info('stopped');
    process.exit(0);
  });
}

/** What a person who has just started it can do next, with a workflow that is there. */
function welcome(url: string, { workflowsDir }: Config): string {
  const given = new URL(url).port === '3000' ? '' : ` --server ${url}`;
  const id = workflowIn(workflowsDir);
  const first = id === null ? `Put a workflow there, say hello.yml, and` : 'Next,';
  const name = id ?? 'hello';
  return `
workflow-graph is up at ${url}, with a worker, on the files in ${workflowsDir}. ${first} in another terminal:

  npx workflow-graph run ${name} --watch${given}      # run it and watch its jobs
  npx workflow-graph logs ${name} --follow${given}    # follow what they print
  curl -X POST ${url}/api/workflows/${name}/run       # the same from any language: start a run

`;
}

/** The workflow of a folder to begin with: `ci`, else the first; null when there is none. */
function workflowIn(folder: string): string | null {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const ids = names.flatMap((name) => /^([^.].*)\.(?:ya?ml|json)$/.exec(name)?.[1] ?? []);
  return ids.includes('ci') ? 'ci' : (ids[0] ?? null);
}

/** The log as the settings want it: for people on a terminal, else for machines. */
export function logOf(config: Config): Log {
  return createLog({
    level: config.logLevel,
    format: config.logFormat ?? (process.stderr.isTTY ? 'human' : 'json'),
  });
}

/**
 * Within this time a signal is the first one again: who signals the whole process group reaches this process, and what
 * started it, which passes the signal on.
 */
const sameSignalMs = 500;

/** From now on the first signal calls `stop`, and the second ends the process. */
export function onStopSignal(log: Log, stop: () => void): void {
  let firstAt: number | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt !== null) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(130);
      return;
    }
    firstAt = performance.now();
    log.info({ signal }, 'stopping: calls under way may finish');
    stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
