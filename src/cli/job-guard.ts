import { spawn } from 'node:child_process';

/** Ends jobs when their owner, this process, is killed, which then cannot do it itself. */
export interface JobGuard {
  note(groupId: number, change: 'started' | 'ended'): void;
  /** All jobs have ended. */
  release(): void;
}

/** How long jobs have to end by themselves after SIGTERM, in seconds. */
const graceSecs = 10;

/**
 * Argument 1 is the variable that marks the processes of this worker's jobs. The ids of process groups come by lines. The
 * input ends with the owner, however that ends. Then the groups that are left are ended. On Linux these include the group of
 * each process with the mark: of one that left its job's group, and of a job whose owner was killed before it wrote the line.
 *
 * A group is signalled as a whole: if the child of a shell were ended before its shell got the signal, "set -e" would end the
 * shell before its trap runs. Their output is read to its end: nobody else reads it, and SIGPIPE would end them in the middle
 * of their clean-up.
 */
const script = `
mark=$1
groups=' '
while read -r change group; do
  case $change in
    started) groups="$groups$group " ;;
    ended) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;;
    *) exit ;;
  esac
done
marked_groups() {
  for pid in $(grep -lsxzF "$mark" /proc/[0-9]*/environ | cut -d/ -f3); do
    sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f3
  done
}
# The pipe has a reader when this returns. It is opened for both first, because opening a pipe without a writer blocks.
drain() {
  command exec 9<>"$1" || return
  exec 8</dev/fd/9 9<&-
  cat <&8 >/dev/null 2>&1 &
  exec 8<&-
}
all=
for group in $( (printf '%s\n' $groups; marked_groups) | sort -u ); do
  kill -0 "-$group" 2>/dev/null || continue
  all="$all -$group"
  for pipe in "/proc/$group/fd/1" "/proc/$group/fd/2"; do [ -p "$pipe" ] && drain "$pipe"; done
done
signal() { for one in $all; do kill "-$1" "$one" 2>/dev/null && alive=yes; done; }
signal TERM
tries=${graceSecs}0
while [ "$tries" -gt 0 ]; do
  alive=no
  signal 0
  [ "$alive" = yes ] || exit
  sleep 0.1
  tries=$((tries - 1))
done
signal KILL
`;

/** Starts a guard: a shell, because a second Node would cost a third of a short run's processor time. */
export function guardJobs(workerId: string): JobGuard {
  const guard = spawn('/bin/sh', ['-c', script, 'job-guard', `WORKFLOW_GRAPH_WORKER_ID=${workerId}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Signals of the terminal are for the run.
    detached: true,
    env: { PATH: process.env.PATH },
  });
  // Without a shell no job can run either, which the run reports.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return {
    note: (groupId, change) => guard.stdin.write(`${change} ${groupId}\n`),
    release: () => guard.stdin.end('released\n'),
  };
}
