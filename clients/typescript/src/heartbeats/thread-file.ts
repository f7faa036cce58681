/**
 * Where the code of the heartbeat thread is. The thread runs compiled code also when this file runs from source, as in tests:
 * a thread cannot load TypeScript whose imports name `.js` files. A build that makes one file of a worker
 * (scripts/build-worker.js) replaces this module.
 */
export function threadFile(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/heartbeats/heartbeat-thread.js' : './heartbeat-thread.js', import.meta.url);
}
