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
 * The ids of process groups come by lines. The input ends with the owner, however that ends. Then the groups that are
 * left are ended, and on Linux also processes that left their group, found by a variable of their environment. A group is
 * signalled as a whole: if the child of a shell were ended before its shell got the signal, "set -e" would end the shell
 * before its trap runs. Their output is read to its end: nobody else reads it, and SIGPIPE would end them in the middle of
 * their clean-up.
 */
const script = `
groups=' '
while read -r change group; do
  case $change in
    started) groups="$groups$group " ;;
    ended) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;;
    *) exit ;;
  esac
done
alive_groups() { for group in $groups; do kill -0 "-$group" 2>/dev/null && echo "-$group"; done; }
outside() {
  for group in $groups; do
    [ -e "/proc/$group/environ" ] || continue
    mark=$(tr '\\0' '\\n' <"/proc/$group/environ" | grep '^WORKFLOW_GRAPH_WORKER_ID=' | head -n 1)
    [ -n "$mark" ] || continue
    for pid in $(grep -lsxzF "$mark" /proc/[0-9]*/environ | cut -d/ -f3); do
      of=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f3)
      case $groups in *" $of "*) ;; *) echo "$pid" ;; esac
    done
    return
  done
}
all="$(alive_groups) $(outside)"
for group in $groups; do
  for pipe in "/proc/$group/fd/1" "/proc/$group/fd/2"; do [ -p "$pipe" ] && cat "$pipe" >/dev/null 2>&1 & done
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
export function guardJobs(): JobGuard {
  const guard = spawn('/bin/sh', ['-c', script], {
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
