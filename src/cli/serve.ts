import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { type Config, ConfigError } from '../config.js';
import { startServer } from '../server.js';
import { isStoreFailure } from '../store/store.js';
import { createLog, type Log } from '../telemetry/log.js';
import { addHelp } from './help.js';
import { LocalWorker, machineLabels } from './local-worker.js';
import { addSettings, configOf } from './settings-options.js';
import { summaries } from './summaries.js';

/** `workflow-graph serve`: runs the server until a signal. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description(summaries.serve)
    .option('--with-worker', 'also start one worker on this machine');
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
    'logHeadMib',
    'logTailMib',
    'retentionLogsDays',
    'retentionAuditDays',
    'tlsCert',
    'tlsKey',
    'logLevel',
    'logFormat',
    'insecure',
    'shutdownTimeoutSecs',
  ]);
  addHelp(command, {
    about: [
      `--with-worker starts a worker on this machine, in its own process, with the labels ${machineLabels().join(', ')}.`,
      'SIGTERM or SIGINT: the server takes no new calls, finishes those in progress, and exits. A second signal exits at ' +
        'once.',
    ],
    examples: [
      'workflow-graph serve',
      'workflow-graph serve --port 8080 --workflows ci/ --data /var/lib/ci',
      'HOST=0.0.0.0 TLS_CERT=cert.pem TLS_KEY=key.pem workflow-graph serve',
    ],
    exitCodes: [
      [0, 'stopped by a signal'],
      [1, 'could not start'],
      [2, 'a setting is wrong'],
      [70, 'the disk failed'],
    ],
  });
  return command.action(async (flags: { withWorker?: boolean }) => {
    const config = configOf(command);
    const log = logOf(config);
    const stopAsked = Promise.withResolvers<void>();
    // Once the server logs that it is listening, a signal stops it in order.
    const beforeListening = () => onStopSignal(log, stopAsked.resolve);
    const server = await startServer(config, log, { beforeListening }).catch((error: unknown) => {
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

/** The next steps for a user who has just started the server, with a workflow that exists. */
function welcome(url: string, { workflowsDir, port }: Config): string {
  const actual = Number(new URL(url).port);
  const isMoved = port !== 0 && actual !== port && actual !== 0;
  const server = actual === 3000 ? '' : ` --server ${url}`;
  const id = workflowIn(workflowsDir);
  const first = id === null ? 'Put a workflow there, such as hello.yml, and' : 'Next,';
  const name = id ?? 'hello';
  const warning = `
**** Port ${port} is in use by another program, maybe another workflow-graph server. ****
**** This server listens on port ${actual}: commands need --server ${url}
**** (or SERVER_URL=${url}), else they reach the other program.
`;
  return `${isMoved ? warning : ''}
workflow-graph is up at ${url} (open it in a browser), with a worker, on the files in ${workflowsDir}. ${first} in another terminal:

  npx workflow-graph run ${name} --watch${server}      # run it and watch its jobs
  npx workflow-graph logs ${name} --follow${server}    # follow their output
  curl -X POST ${url}/api/workflows/${name}/run       # the same from any language: start a run

`;
}

/** The workflow of a folder to begin with: `ci`, else the first; null when there is none. */
function workflowIn(folder: string): string | null {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const ids = names.flatMap((name) => /^([^.].*)\.(?:ya?ml|json)$/.exec(name)?.[1] ?? []);
  return ids.includes('ci') ? 'ci' : (ids[0] ?? null);
}

/** The log of the settings: for people on a terminal, for machines elsewhere. */
export function logOf(config: Config): Log {
  return createLog({
    level: config.logLevel,
    format: config.logFormat ?? (process.stderr.isTTY ? 'human' : 'json'),
  });
}

/**
 * A second signal within this time counts as the first: a signal to the whole process group reaches this process, and
 * also its wrapper, which passes it on.
 */
const sameSignalMs = 500;

/** Installs handlers: the first signal calls `stop`, and the second ends the process. */
export function onStopSignal(log: Log, stop: () => void): void {
  let firstAt: number | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt !== null) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(130);
      return;
    }
    firstAt = performance.now();
    log.info({ signal }, 'stopping: waiting for calls in progress');
    stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
