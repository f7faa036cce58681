/** How often to check whether npm is still there, in milliseconds. */
const intervalMs = 250;

/**
 * The id of the process that npm runs this one in, which is this one's parent; null when npm did not start this process.
 *
 * npm passes a signal on to the shell that it runs scripts in, and most shells die of it without passing it on: a signal
 * to `npm start` or `npx workflow-graph …` would leave the program behind, unless it notices that its parent is gone.
 *
 * What npm did not start may outlive its parent. So may the processes that this one starts: the sign leaves the environment.
 */
export function startedByNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return null;
  delete process.env.npm_lifecycle_event;
  return process.ppid;
}

/** Calls `act` once when npm is gone. */
export function whenNpmIsGone(npm, act) {
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    act();
  }, intervalMs);
  timer.unref();
}
