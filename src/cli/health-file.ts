import { rmSync, writeFileSync } from 'node:fs';
import type { WorkerLogger } from '#client';

/** Interval at which the file is written, in milliseconds. */
const everyMs = 5_000;

/**
 * A logger that also writes two files every few seconds: `file` while the server answers the worker, and `file` with the suffix
 * `-alive` in any case. A health check sees an old `file` when the server is away or this process is stuck. Only the second
 * is a reason to restart the process: its jobs survive an absence of the server.
 */
export function writingHealthFile(logger: WorkerLogger, file: string): WorkerLogger {
  let isAnswered = false;
  let isReported = false;
  const aliveFile = `${file}-alive`;
  const write = () => {
    try {
      for (const path of isAnswered ? [aliveFile, file] : [aliveFile]) {
        writeFileSync(path, `${new Date().toISOString()}\n`);
      }
    } catch (error) {
      if (!isReported) logger({ type: 'warning', message: `--health-file: ${(error as Error).message}` });
      isReported = true;
    }
  };
  const timer = setInterval(write, everyMs).unref();
  write();
  return (event) => {
    logger(event);
    if (event.type === 'registered' || event.type === 'server-back') {
      isAnswered = true;
      write();
    } else if (event.type === 'server-away') isAnswered = false;
    else if (event.type === 'stopped') {
      clearInterval(timer);
      for (const path of [aliveFile, file]) rmSync(path, { force: true });
    }
  };
}
