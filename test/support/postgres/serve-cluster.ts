// A PostgreSQL of its own for as long as this process runs, for benchmarks and other programs that are no tests. It prints
// its URL, and ends with the pipe that it was given as its input, or by SIGTERM.
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
