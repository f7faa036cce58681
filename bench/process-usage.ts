import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in clock ticks: 100 a second on every platform that Node runs on. */
const ticksPerSecond = 100;

/** Processor time of a process since its start, in microseconds; null without /proc. */
export function cpuMicros(pid: number): number | null {
  const fields = statFields(pid);
  return fields === null ? null : cpuOf(fields);
}

/** Processor time of the live processes of a group, in microseconds; null without /proc. */
export function groupCpuMicros(groupId: number): number | null {
  if (statFields(groupId) === null) return null;
  let sum = 0;
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statFields(Number(name)) : null;
    if (fields !== null && Number(fields[2]) === groupId) sum += cpuOf(fields);
  }
  return sum;
}

/** The fields of a process, starting with its state. */
function statFields(pid: number): readonly string[] | null {
  const stat = readProc(`/proc/${pid}/stat`);
  // The second field is the program's name, in parentheses, and may contain spaces.
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function cpuOf(fields: readonly string[]): number {
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

/** Resident memory in megabytes, current or peak; null without /proc. */
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
