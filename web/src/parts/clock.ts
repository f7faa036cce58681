import { useSyncExternalStore } from 'react';

/**
 * The server's clock: its time is read once, and this machine's monotonic clock continues from there. A wrong clock on
 * a laptop does not affect durations.
 */
let originMs = Date.now() - performance.now();

export function setServerTime(ms: number): void {
  if (ms > 0) originMs = ms - performance.now();
}

export function serverNow(): number {
  return originMs + performance.now();
}

/** One timer for everything on the page that ticks; none if nothing ticks. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  second = Math.floor(serverNow() / 1_000);
  for (const listener of listeners) listener();
}

/** The current time, updated each second while `live`. */
export function useNow(live: boolean): number {
  useSyncExternalStore(live ? subscribe : never, () => second);
  return serverNow();
}

function never(): () => void {
  return () => {};
}
