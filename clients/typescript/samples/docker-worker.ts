/** Runs each command in a container: the shell executor does the work, so logs, outputs and cancellation come with it. */
import { shellExecutor, Worker } from '@workflow-graph/client';

const shell = shellExecutor({ graceMs: 15_000 });
const image = process.env.IMAGE ?? 'debian:stable-slim';

const worker = new Worker({
  serverUrl: process.env.SERVER_URL ?? 'http://localhost:3000',
  labels: ['docker', 'linux'],
  executor: (job, context) => {
    const command = `exec docker run --rm --init ${image} sh -c ${quoted(job.command)}`;
    return shell({ ...job, command }, context);
  },
});

process.once('SIGTERM', () => void worker.stop());
await worker.runUntilSignal();

/** The text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
