import { HttpConnection } from '../http/connection.js';
import { USER_AGENT } from '../http/user-agent.js';
import type { WorkerLogger } from './events.js';

/** The program that a warning about a newer server is about. */
export interface Software {
  readonly version: string;
  /** How to update it, as the end of a sentence. */
  readonly update: string;
}

export interface CheckedServer {
  readonly serverUrl: string;
  readonly authorization: string | null;
  readonly ca: string | null;
}

const timeoutMs = 10_000;

/**
 * A logger that also warns when the server's version is newer than this program's, once for each version. It queries
 * the version when the worker registers and when the server returns after an outage, which may have been its upgrade.
 */
export function warningOfNewerServer(logger: WorkerLogger, server: CheckedServer, software: Software): WorkerLogger {
  let lastWarned = software.version;
  const check = async () => {
    const connection = new HttpConnection({ ...server, userAgent: USER_AGENT });
    try {
      const { text } = await connection.request({ method: 'GET', path: '/api/session', timeoutMs });
      const { version } = JSON.parse(text) as { version: string };
      if (version === lastWarned || !isOlder(software.version, version)) return;
      lastWarned = version;
      const message = `this worker has version ${software.version}, and its server ${version}. It keeps running; ${software.update}`;
      logger({ type: 'warning', message });
    } catch {
      // An outage or a refusal is reported by the worker's own calls.
    } finally {
      connection.close();
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
