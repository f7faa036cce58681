const tickMs = 50;

/** A tick that is late by more than this means that the process had no turns; the rest of the pause does not count. */
const mostOfATickMs = 4 * tickMs;

let isTicking = false;
let countedMs = 0;
let lastTickMs = 0;

/**
 * A clock of the time in which this process had its turns, in milliseconds. It stops while the whole machine stalls or the
 * processors leave no turn to the process, so that a bound that is counted by it is not used up by a pause.
 */
export function runningTime(): number {
  if (!isTicking) {
    isTicking = true;
    lastTickMs = performance.now();
    setInterval(tick, tickMs).unref();
  }
  return countedMs + sinceTick();
}

function tick(): void {
  countedMs += sinceTick();
  lastTickMs = performance.now();
}

function sinceTick(): number {
  return Math.min(performance.now() - lastTickMs, mostOfATickMs);
}
