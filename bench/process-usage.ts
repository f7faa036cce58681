import { readFileSync } from 'node:fs';

/** The clock ticks in which Linux counts processor time; 100 a second on every platform that Node runs on. */
const ticksPerSecond = 100;

/** Processor time of a process since its start, in microseconds. Null where there is no /proc. */
export function cpuMicros(pid: number): number | null {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name, in parentheses, and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

/** Resident memory in megabytes, now or at its peak. Null where there is no /proc. */
export function residentMb(pid: number, when: 'now' | 'peak' = 'now'): number | null {
  const line = readProc(`/proc/${pid}/status`)?.match(when === 'now' ? /VmRSS:\s+(\d+) kB/ : /VmHWM:\s+(\d+) kB/);
  return line?.[1] === undefined ? null : Number(line[1]) / 1024;
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
