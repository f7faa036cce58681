/**
 * Calls back at each Ctrl-C, and at each signal that ends a process, with their number so far. Without this the first
 * one ends the process.
 *
 * @returns a function that restores that
 */
export function onInterrupt(callback: (count: number) => void): () => void {
  let count = 0;
  const onSignal = () => callback(++count);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
