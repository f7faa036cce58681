/** `bin/workflow-graph.js` and `scripts/start.js` set this to the process with which this one ends. */
const variable = 'WORKFLOW_GRAPH_PARENT_PID';

/** The parent that this process watches; null when it may outlive its parent. */
let watched: number | null = null;

/** The environment that a program replacing this one in the same process needs to watch the same parent. */
export function parentVariable(): Readonly<Record<string, string>> {
  return watched === null ? {} : { [variable]: String(watched) };
}

/** Interval of the check whether the parent exists, in milliseconds. */
const intervalMs = 250;

/**
 * Ends this process in order when the process that started it is gone: a wrapper that was killed, or npm, which most
 * shells leave silently. Without the variable this process may outlive its parent.
 */
export function endWithParent(env: NodeJS.ProcessEnv = process.env): void {
  const parent = Number(env[variable] ?? Number.NaN);
  // Processes that this one starts have another parent.
  delete env[variable];
  if (!Number.isInteger(parent) || process.platform === 'win32') return;
  watched = parent;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, intervalMs);
  timer.unref();
}
