/**
 * Numbers of a log's streams in the store. Chunks with one sequence are in this order. System lines have streams of
 * their own, so their positions never collide with a worker's chunks; readers see them on stderr.
 */
export const logStreams: Readonly<Record<'stdout' | 'stderr' | 'systemFirst' | 'systemStop' | 'systemEnd', number>> = {
  stdout: 1,
  stderr: 2,
  systemFirst: 0,
  systemStop: 3,
  systemEnd: 4,
};

/** Names of the streams in positions. */
const names: readonly string[] = ['system-first', 'stdout', 'stderr', 'system-stop', 'system-end'];

/** Null for a stream of the worker; system lines are numbered from 1. */
export function systemLineOf(stream: number): number | null {
  const at = [logStreams.systemFirst, logStreams.systemStop, logStreams.systemEnd].indexOf(stream);
  return at === -1 ? null : at + 1;
}

/** The stream of a chunk as readers see it. */
export function logStreamOf(stream: 'stdout' | 'stderr', systemLine: number | null): number {
  const { stdout, stderr, systemFirst, systemStop, systemEnd } = logStreams;
  if (systemLine !== null) return [systemFirst, systemStop, systemEnd][systemLine - 1] ?? stderr;
  return stream === 'stdout' ? stdout : stderr;
}

export function logStreamName(stream: number): string {
  return names[stream] ?? 'stderr';
}

/** Undefined for an unknown name. */
export function logStreamNamed(name: string): number | undefined {
  const at = names.indexOf(name);
  return at === -1 ? undefined : at;
}
