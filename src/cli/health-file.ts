import { rmSync, writeFileSync } from 'node:fs';
import type { WorkerLogger } from '#client';

/** Interval at which the file is written, in milliseconds. */
const everyMs = 5_000;

/**
 * A logger that also writes a file every few seconds while the server answers the worker. A health check of a container sees
 * an old file when the server is away, and when this process is stuck.
 */
export function writingHealthFile(logger: WorkerLogger, file: string): WorkerLogger {
  let isAnswered = false;
  let isReported = false;
  const write = () => {
    if (!isAnswered) return;
    try {
      writeFileSync(file, `${new Date().toISOString()}\n`);
    } catch (error) {
      if (!isReported) logger({ type: 'warning', message: `--health-file: ${(error as Error).message}` });
      isReported = true;
    }
  };
  const timer = setInterval(write, everyMs).unref();
  return (event) => {
    logger(event);
    if (event.type === 'registered' || event.type === 'server-back') {
      isAnswered = true;
      write();
    } else if (event.type === 'server-away') isAnswered = false;
    else if (event.type === 'stopped') {
      clearInterval(timer);
      rmSync(file, { force: true });
    }
  };
}
