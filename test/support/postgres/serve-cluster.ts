// A PostgreSQL server for the lifetime of this process, for benchmarks and other programs outside the tests. It prints
// its URL and exits when its stdin closes, or on SIGTERM.
import { Cluster } from './cluster.js';

const cluster = await Cluster.start(process.argv.slice(2));
process.stdout.write(`${cluster.url}\n`);

let isEnding = false;
const end = () => {
  if (isEnding) return;
  isEnding = true;
  cluster.end().finally(() => process.exit(0));
};
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
process.stdin.on('end', end).on('error', end).resume();
