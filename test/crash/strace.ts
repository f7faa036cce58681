import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { startProcess } from '../support/program.js';

/** A failure of the n-th call of a kind by a process. */
export interface Fault {
  readonly call: 'pwrite64' | 'fsync';
  /** The effect: the process is killed at the call, or the call fails. */
  readonly how: 'signal=SIGKILL' | 'error=EIO' | 'error=ENOSPC';
  /** From 1. */
  readonly when: number;
}

/** SQLite writes with the first and syncs with the second or third, depending on its build. */
const calls = 'pwrite64,fsync,fdatasync';

/**
 * The prefix of a command that injects the fault. The tracer is a grandchild (`-D`), so the process that a test starts,
 * signals and waits for is the program itself.
 */
export function underFault({ call, how, when }: Fault, tale: string): string[] {
  const name = call === 'fsync' ? '/^f(data)?sync$' : call;
  // A filter in the kernel would be faster, but cannot inject signals.
  const filter = how === 'signal=SIGKILL' ? [] : ['--seccomp-bpf'];
  return [
    ...['strace', '-D', '-f', '-qq', '-o', tale, ...filter, '-e', `trace=${calls}`],
    ...['-e', `inject=${name}:${how}:when=${when}`],
  ];
}

/** The prefix of a command that records its writes and syncs, one per line. */
export function underCount(file: string): string[] {
  return ['strace', '-D', '-f', '-qq', '-o', file, '--seccomp-bpf', '-e', `trace=${calls}`];
}

/** Whether this machine allows tracing another process. */
function canTrace(): boolean {
  const { status } = spawnSync('strace', ['-D', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', 'true']);
  return status === 0;
}

/** Skips the test with a notice if strace is missing or forbidden. */
export function needStrace(context: TestContext): void {
  if (!canTrace()) passOver(context, 'strace, or it may not trace here (Debian: apt-get install strace)');
}

/**
 * Skips a test with a printed notice. The tools of these tests need rights that not every machine grants, also in CI.
 */
export function passOver(context: TestContext, what: string): never {
  const message = `NOT TESTED: this machine has no ${what}`;
  console.warn(message);
  context.skip(message);
  throw new Error(message);
}

/**
 * Makes all such calls of a running process fail from now on; the returned function ends that.
 *
 * @throws if the process cannot be traced
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
