import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** How long to keep killing new processes. */
const KILL_MS_MAX = 3_000;

interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly isZombie: boolean;
  /** With the pid, distinguishes a process from a later one with the same pid. */
  readonly startTime: string;
}

/** Groups of jobs that run now: they end with this process, even when it ends without ending them. */
const liveGroups = new Set<number>();
process.once('exit', () => {
  for (const groupId of liveGroups) signalQuietly(-groupId, 'SIGKILL');
});

/**
 * All processes of one job: the group that its shell leads, and on Linux also those that left the group. They are found
 * by their ancestry, and, once that is broken by a parent's end, by a variable of the environment that the job was
 * started with. A process that both left its ancestors and changed that variable is out of reach.
 */
export class ProcessTree {
  readonly #groupId: number;
  readonly #marker: Buffer;
  /** What was found once stays known when its parent ends. */
  readonly #known = new Map<number, string>();
  /** Processes whose environment was read and lacks the marker. */
  readonly #strangers = new Map<number, string>();

  /** The process must lead its own group; `marker` is `NAME=value` of its environment. */
  constructor(leaderPid: number, marker: string) {
    this.#groupId = leaderPid;
    this.#marker = Buffer.from(marker);
    liveGroups.add(leaderPid);
  }

  /** Whether the group has a process that still runs. */
  groupIsAlive(): boolean {
    if (!signalQuietly(-this.#groupId, 0)) return false;
    if (process.platform !== 'linux') return true;
    return listProcesses().some((entry) => entry.groupId === this.#groupId && !entry.isZombie);
  }

  /**
   * Asks all processes to end (SIGTERM) and forces those that are left after the grace (SIGKILL). What they start to clean
   * up, such as the commands of a trap, is not asked: it has the whole grace.
   */
  async end(graceMs: number): Promise<void> {
    const asked = new Set<number>();
    const graceEnds = performance.now() + graceMs;
    while (performance.now() < graceEnds) {
      if (!this.#askToEnd(asked)) return;
      await sleep(Math.min(POLL_MS, Math.max(1, graceEnds - performance.now())));
    }
    const killEnds = performance.now() + KILL_MS_MAX;
    while (this.#kill() && performance.now() < killEnds) await sleep(POLL_MS);
  }

  /** The job has ended. */
  forget(): void {
    liveGroups.delete(this.#groupId);
  }

  /**
   * False when no process is left. The group is asked by one signal at the first call, which misses none that forks at that
   * moment. Who joins it later was started by one that was asked. `asked` also holds those that are spared for that reason.
   */
  #askToEnd(asked: Set<number>): boolean {
    const isFirst = asked.size === 0;
    if (process.platform !== 'linux') {
      asked.add(this.#groupId);
      return signalQuietly(-this.#groupId, isFirst ? 'SIGTERM' : 0);
    }
    const members = this.#members();
    const live = new Set(members.map(({ pid }) => pid));
    if (isFirst && members.some(({ groupId }) => groupId === this.#groupId)) signalQuietly(-this.#groupId, 'SIGTERM');
    for (const { pid, parentPid, groupId } of members) {
      if (asked.has(pid)) continue;
      const isSpared = !isFirst && live.has(parentPid) && asked.has(parentPid);
      asked.add(pid);
      if (groupId !== this.#groupId && !isSpared) signalQuietly(pid, 'SIGTERM');
    }
    return members.length > 0;
  }

  /** False when no process is left. */
  #kill(): boolean {
    if (process.platform !== 'linux') return signalQuietly(-this.#groupId, 'SIGKILL');
    const members = this.#members();
    for (const { pid } of members) signalQuietly(pid, 'SIGKILL');
    return members.length > 0;
  }

  /**
   * The job's live processes, by one look at /proc; the oldest first, so that a parent is asked to end before it sees its
   * children gone.
   */
  #members(): readonly ProcessEntry[] {
    const entries = listProcesses();
    const members = new Map<number, ProcessEntry>();
    const undecided: ProcessEntry[] = [];
    for (const entry of entries) {
      if (entry.pid === process.pid) continue;
      const isMember =
        entry.groupId === this.#groupId || this.#known.get(entry.pid) === entry.startTime || this.#isMarked(entry);
      if (isMember) members.set(entry.pid, entry);
      else undecided.push(entry);
    }
    for (let grew = true; grew; ) {
      grew = false;
      for (const entry of undecided) {
        if (members.has(entry.pid) || !members.has(entry.parentPid)) continue;
        members.set(entry.pid, entry);
        grew = true;
      }
    }
    for (const { pid, startTime } of members.values()) this.#known.set(pid, startTime);
    const live = [...members.values()].filter((entry) => !entry.isZombie);
    return live.sort((a, b) => Number(a.startTime) - Number(b.startTime) || a.pid - b.pid);
  }

  #isMarked(entry: ProcessEntry): boolean {
    if (this.#strangers.get(entry.pid) === entry.startTime) return false;
    if (hasInEnvironment(entry.pid, this.#marker)) return true;
    this.#strangers.set(entry.pid, entry.startTime);
    return false;
  }
}

function listProcesses(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const entry = readProcess(pid);
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

/** Null when the process has ended since it was listed. */
function readProcess(pid: number): ProcessEntry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in brackets, and may hold anything; the fields after it are plain.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parentPid: Number(fields[1]),
      groupId: Number(fields[2]),
      isZombie: fields[0] === 'Z' || fields[0] === 'X',
      startTime: fields[19] ?? '',
    };
  } catch {
    return null;
  }
}

/** False for a process that has ended, and for one of another user, whose environment is unreadable. */
function hasInEnvironment(pid: number, variable: Buffer): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.indexOf(variable);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  } catch {
    return false;
  }
}

/** False when there is no such process (or group), or it may not be signalled. */
function signalQuietly(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
