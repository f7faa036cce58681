import { readFileSync } from 'node:fs';

/** What a signal stops. */
export interface Stoppable {
  stop(): Promise<void>;
  terminate(): Promise<void>;
}

/** Everything that signals stop in this process. All share one listener: a hundred would look like a leak to Node. */
const followers = new Set<Stoppable>();
let signals = 0;
let listened: readonly NodeJS.Signals[] = [];

/**
 * The first SIGTERM, SIGINT, SIGQUIT or SIGHUP drains, the second ends the running jobs, the third kills this process
 * and the jobs. SIGHUP only drains, even if repeated: a closing terminal sends two or three. It is ignored if it was
 * ignored at startup, as under `nohup`. Returns a function that removes the handlers.
 */
export function stopOnSignals(worker: Stoppable): () => void {
  if (followers.size === 0) {
    signals = 0;
    listened = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];
    for (const signal of listened) process.on(signal, onSignal);
    // The terminal can be gone before the last jobs. A failed print must not end the process.
    process.stdout.on('error', ignore);
    process.stderr.on('error', ignore);
  }
  followers.add(worker);
  return () => {
    followers.delete(worker);
    if (followers.size > 0) return;
    for (const signal of listened) process.off(signal, onSignal);
    // The error of the last line comes after this turn.
    setImmediate(() => {
      process.stdout.off('error', ignore);
      process.stderr.off('error', ignore);
    });
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (signal === 'SIGHUP' && (signals > 0 || startedUnderNohup)) return;
  signals += 1;
  if (signals >= 3) process.exit(130);
  for (const worker of followers) {
    if (signals === 1) void worker.stop();
    else void worker.terminate();
  }
}

function ignore(): void {}

/**
 * Whether a parent program set SIGHUP to be ignored. Node resets what it inherits, so this looks for what
 * `nohup` leaves behind: the shell's note of the program that it ran, and an input that can only be written to.
 */
const startedUnderNohup = /(?:^|\/)nohup$/.test(process.env._ ?? '') || inputIsWriteOnly();

function inputIsWriteOnly(): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o3) === 0o1;
  } catch {
    return false;
  }
}
