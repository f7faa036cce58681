const tickMs = 50;

/** A tick that is later than this means that the process was not scheduled; the rest of the pause does not count. */
const mostOfATickMs = 4 * tickMs;

let isTicking = false;
let countedMs = 0;
let lastTickMs = 0;

/**
 * A clock that counts only the time in which this process was scheduled, in milliseconds. It stops while the machine
 * stalls or gives the process no processor time, so such a pause does not use up a bound.
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
