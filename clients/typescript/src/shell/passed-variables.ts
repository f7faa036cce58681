/**
 * The variables that every job gets from its worker's environment. A name can end in `*`, which matches any characters.
 */
const ALWAYS: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR'],
  ...['LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TERM'],
];

/** Settings of the worker and the server, which no job gets: they hold credentials. */
const OWN_SETTINGS: readonly string[] = [
  ...['WORKFLOW_GRAPH_*', 'WORKER_*'],
  ...['SERVER_URL', 'DATABASE_URL', 'DATABASE_LISTEN_URL'],
];

/** Throws a RangeError that names the entry that no job can get. */
export function checkPassEnv(names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!/^(?:[^=\0*]+\*?|\*)$/.test(name)) {
      throw new RangeError(
        `passEnv: "${name}" is not the name of a variable, or the beginning of names with * after it`,
      );
    }
    if (!name.endsWith('*') && OWN_SETTINGS.some((pattern) => matches(pattern, name))) {
      throw new RangeError(
        `passEnv: ${name} is a setting of workflow-graph and is never passed to jobs; set it in the workflow's env instead`,
      );
    }
  }
  return names;
}

/** The part of this process's environment that a job gets; a variable that contains a secret is left out. */
export function passedVariables(names: readonly string[], secrets: readonly string[]): Map<string, string> {
  const patterns = [...ALWAYS, ...names];
  const passed = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || !patterns.some((pattern) => matches(pattern, name))) continue;
    if (OWN_SETTINGS.some((pattern) => matches(pattern, name))) continue;
    if (secrets.some((secret) => secret !== '' && value.includes(secret))) continue;
    passed.set(name, value);
  }
  return passed;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
