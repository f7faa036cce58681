import { ConfigError } from '../config.js';

/** The system's error codes in words for the operator. */
const meanings: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one that it has, or to 0.0.0.0 for all of them',
  ENOTFOUND: 'no such name is known; set HOST to an address of this machine',
  EAI_AGAIN: 'the name cannot be looked up now; set HOST to an address of this machine',
  EACCES: 'the system does not allow it; set PORT to 1024 or more',
  EADDRINUSE: 'it is taken, and so are those after it; set PORT to a free one',
};

/** The system's refusal to open a port, as a `ConfigError` with the way out; any other error unchanged. */
export function listenProblem(host: string, port: number, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const meaning = meanings[code];
  if (meaning === undefined) return error;
  return new ConfigError(`Cannot listen on ${host}, port ${port}: ${meaning} (${code})`, { cause: error });
}
