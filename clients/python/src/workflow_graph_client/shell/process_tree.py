"""All processes of one job, and how to end them."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

POLL_SECS = 0.05
#: How long to keep killing new processes.
KILL_SECS_MAX = 3.0

#: Groups of jobs that run now: they end with this process, even when it ends without ending them.
live_groups: set[int] = set()


@atexit.register
def kill_live_groups() -> None:
    """Kills the jobs that still run."""
    for group_id in list(live_groups):
        signal_group(group_id, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A process in /proc."""

    pid: int
    parent_pid: int
    group_id: int
    is_zombie: bool
    #: With the pid, distinguishes a process from a later one with the same pid.
    start_time: str


class ProcessTree:
    """The group that a job's shell leads, and on Linux also those that left the group.

    They are found by their ancestry and, once that is broken by a parent's end, by a variable of the environment that
    the job was started with. A process that both left its ancestors and changed that variable is out of reach.
    """

    def __init__(self, leader_pid: int, marker: str) -> None:
        """The process must lead its own group; `marker` is `NAME=value` of its environment."""
        self._group_id = leader_pid
        self._marker = marker.encode()
        #: What was found once stays known when its parent ends.
        self._known: dict[int, str] = {}
        #: Processes whose environment was read and lacks the marker.
        self._strangers: dict[int, str] = {}
        live_groups.add(leader_pid)

    def group_is_alive(self) -> bool:
        """Whether the group has a process that still runs."""
        if not signal_group(self._group_id, 0):
            return False
        if sys.platform != "linux":
            return True
        return any(entry.group_id == self._group_id and not entry.is_zombie for entry in list_processes())

    def end(self, grace_secs: float) -> None:
        """Asks all processes to end (SIGTERM) and forces those that are left after the grace (SIGKILL).

        What they start to clean up, such as the commands of a trap, is not asked: it has the whole grace.
        """
        asked: set[int] = set()
        grace_ends = time.monotonic() + grace_secs
        while time.monotonic() < grace_ends:
            if not self._ask_to_end(asked):
                return
            time.sleep(min(POLL_SECS, max(0.001, grace_ends - time.monotonic())))
        kill_ends = time.monotonic() + KILL_SECS_MAX
        while self._kill() and time.monotonic() < kill_ends:
            time.sleep(POLL_SECS)

    def forget(self) -> None:
        """The job has ended."""
        live_groups.discard(self._group_id)

    def _ask_to_end(self, asked: set[int]) -> bool:
        """False when no process is left.

        The group is asked by one signal at the first call, which misses none that forks at that moment. Who joins it
        later was started by one that was asked. `asked` also holds those that are spared for that reason.
        """
        is_first = not asked
        if sys.platform != "linux":
            asked.add(self._group_id)
            return signal_group(self._group_id, signal.SIGTERM if is_first else 0)
        members = self._members()
        live = {entry.pid for entry in members}
        if is_first and any(entry.group_id == self._group_id for entry in members):
            signal_group(self._group_id, signal.SIGTERM)
        for entry in members:
            if entry.pid in asked:
                continue
            is_spared = not is_first and entry.parent_pid in live and entry.parent_pid in asked
            asked.add(entry.pid)
            if entry.group_id != self._group_id and not is_spared:
                signal_process(entry.pid, signal.SIGTERM)
        return bool(members)

    def _kill(self) -> bool:
        """False when no process is left."""
        if sys.platform != "linux":
            return signal_group(self._group_id, signal.SIGKILL)
        members = self._members()
        for entry in members:
            signal_process(entry.pid, signal.SIGKILL)
        return bool(members)

    def _members(self) -> list[ProcessEntry]:
        """The job's live processes, by one look at /proc.

        The oldest come first, so that a parent is asked to end before it sees its children gone.
        """
        members: dict[int, ProcessEntry] = {}
        undecided: list[ProcessEntry] = []
        for entry in list_processes():
            if entry.pid == os.getpid():
                continue
            is_member = entry.group_id == self._group_id or self._known.get(entry.pid) == entry.start_time
            if is_member or self._is_marked(entry):
                members[entry.pid] = entry
            else:
                undecided.append(entry)
        grew = True
        while grew:
            grew = False
            for entry in undecided:
                if entry.pid not in members and entry.parent_pid in members:
                    members[entry.pid] = entry
                    grew = True
        self._known.update((entry.pid, entry.start_time) for entry in members.values())
        live = [entry for entry in members.values() if not entry.is_zombie]
        return sorted(live, key=lambda entry: (int(entry.start_time), entry.pid))

    def _is_marked(self, entry: ProcessEntry) -> bool:
        if self._strangers.get(entry.pid) == entry.start_time:
            return False
        if has_in_environment(entry.pid, self._marker):
            return True
        self._strangers[entry.pid] = entry.start_time
        return False


def list_processes() -> Iterator[ProcessEntry]:
    """Every process of this machine that /proc shows."""
    for name in os.listdir("/proc"):
        if name.isdigit() and (entry := read_process(int(name))) is not None:
            yield entry


def read_process(pid: int) -> ProcessEntry | None:
    """None if the process has exited since it was listed."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            stat = file.read()
    except OSError:
        return None
    # The second field is the name in brackets, and may hold anything; the fields after it are plain.
    fields = stat[stat.rindex(")") + 2 :].split(" ")
    return ProcessEntry(pid, int(fields[1]), int(fields[2]), fields[0] in "ZX", fields[19])


def has_in_environment(pid: int, variable: bytes) -> bool:
    """False for a process that has ended, and for one of another user, whose environment is unreadable."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return variable in file.read().split(b"\0")
    except OSError:
        return False


def signal_process(pid: int, number: int) -> bool:
    """False if the process does not exist, or must not be signalled."""
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def signal_group(group_id: int, number: int) -> bool:
    """False if the group does not exist, or must not be signalled."""
    try:
        os.killpg(group_id, number)
    except OSError:
        return False
    return True
