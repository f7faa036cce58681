/** How often it is looked whether npm is still there. */
const everyMs = 250;

/**
 * Calls `act` once when npm, which started this process, is gone; says whether it was npm that did. npm passes a signal on
 * to the shell that it runs scripts in, and most shells die of it without passing it on: whoever ended `npm start` or
 * `npx workflow-graph …` by its process id would leave the program behind.
 *
 * What is not started by npm may outlive what started it. So may what this process starts in turn, which is why the sign
 * is taken out of the environment.
 */
export function whenNpmIsGone(act) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return false;
  delete process.env.npm_lifecycle_event;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, everyMs);
  timer.unref();
  return true;
}
