import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { startProcess } from '../support/program.js';

/** A failure of the n-th call of a kind that a process makes. */
export interface Fault {
  readonly call: 'pwrite64' | 'fsync';
  /** What befalls it: the process is killed as it calls, or the call fails. */
  readonly how: 'signal=SIGKILL' | 'error=EIO' | 'error=ENOSPC';
  /** From 1. */
  readonly when: number;
}

/** SQLite writes by the first, and syncs by the second or third, as it was built. */
const calls = 'pwrite64,fsync,fdatasync';

/**
 * What to put before a command so that the fault befalls it. The tracer is a grandchild (`-D`), so that the process that
 * a test starts, signals and waits for is the program itself.
 */
export function underFault({ call, how, when }: Fault, tale: string): string[] {
  const name = call === 'fsync' ? '/^f(data)?sync$' : call;
  // With a filter in the kernel it is faster, and injects no signals.
  const filter = how === 'signal=SIGKILL' ? [] : ['--seccomp-bpf'];
  return [
    ...['strace', '-D', '-f', '-qq', '-o', tale, ...filter, '-e', `trace=${calls}`],
    ...['-e', `inject=${name}:${how}:when=${when}`],
  ];
}

/** What to put before a command so that its writes and syncs are written down, one a line. */
export function underCount(file: string): string[] {
  return ['strace', '-D', '-f', '-qq', '-o', file, '--seccomp-bpf', '-e', `trace=${calls}`];
}

/** Whether this machine lets one process trace another. */
function canTrace(): boolean {
  const { status } = spawnSync('strace', ['-D', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', 'true']);
  return status === 0;
}

/** Passes the test over, and says so, where strace is missing or forbidden. */
export function needStrace(context: TestContext): void {
  if (!canTrace()) passOver(context, 'strace, or it may not trace here (Debian: apt-get install strace)');
}

/** Passes a test over loudly. The tools that these tests want need rights that not every machine gives, also in CI. */
export function passOver(context: TestContext, what: string): never {
  const message = `NOT TESTED: this machine has no ${what}`;
  console.warn(message);
  context.skip(message);
  throw new Error(message);
}

/**
 * Makes calls of a running process fail from now on, each of them; the answer ends that.
 *
 * @throws when the process cannot be traced
 */
export async function failFromNowOn(pid: number, { call, how }: Omit<Fault, 'when'>): Promise<() => Promise<void>> {
  const name = call === 'fsync' ? '/^f(data)?sync$' : call;
  const tracer = startProcess('strace', [
    ...['-f', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${name}:${how}`],
    ...['-p', String(pid)],
  ]);
  await tracer.printed(/attached/);
  return async () => {
    tracer.signal('SIGINT');
    await tracer.ended;
  };
}
