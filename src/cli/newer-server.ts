import { Client, type ClientOptions, type WorkerLogger } from '#client';
import { version } from '../version.js';

/**
 * A logger that also warns when the server's version is newer than this program's, once for each version. It queries
 * the version when the worker registers and when the server returns after an outage, which may have been its upgrade.
 */
export function warningOfNewerServer(logger: WorkerLogger, options: ClientOptions): WorkerLogger {
  let lastWarned = version;
  const check = async () => {
    const client = new Client(options);
    try {
      const serverVersion = await client.serverVersion();
      if (!isOlder(version, serverVersion) || serverVersion === lastWarned) return;
      lastWarned = serverVersion;
      const message =
        `this worker has version ${version}, and its server ${serverVersion}. It keeps running; to update it, fetch ` +
        `${client.serverUrl}/worker.mjs and start it again`;
      logger({ type: 'warning', message });
    } catch {
      // An outage or a refusal is reported by the worker's own calls.
    } finally {
      client.close();
    }
  };
  return (event) => {
    logger(event);
    if (event.type === 'registered' || event.type === 'server-back') void check();
  };
}

/** Whether a version is older than another, by its three numbers. An invalid version is never older. */
export function isOlder(one: string, other: string): boolean {
  const [mine, theirs] = [numbersOf(one), numbersOf(other)];
  if (mine === null || theirs === null) return false;
  const at = mine.findIndex((number, i) => number !== theirs[i]);
  return at !== -1 && (mine[at] ?? 0) < (theirs[at] ?? 0);
}

function numbersOf(version: string): readonly number[] | null {
  const found = /^(\d+)\.(\d+)\.(\d+)(?:[-+]|$)/.exec(version);
  return found === null ? null : found.slice(1).map(Number);
}
