"""The process that keeps a worker's leases alive, whatever the worker's own process is busy with.

It is started as `python -m workflow_graph._heartbeat` with the worker's process id and is told on its standard input,
one JSON array a line:

    {"server_url": …, "token": …, "ca_file": …, "worker_id": …, "interval_secs": …, "stream": …}    first of all
    ["watch", lease_id, run_id, job_id, ttl_secs, deadline, asked_at]
    ["forget", lease_id]
    ["renew"]                                                                          all of them, at once
    ["http"]                                                                           the stream cannot be had

What it has to tell goes to its standard output in the same way:

    ["renewed", lease_id, deadline]      ["lost", lease_id, reason, message]     ["cancelled", lease_id]
    ["expired", lease_id]                ["away", code]    ["back"]              ["unknown-worker"]

A deadline is a time of `time.monotonic`, which is the same clock in both processes. It is the time to live after the
last renewal was *sent*: from then on the server may have given the job to another, so the lease counts as expired even
though nobody said so. Renewing goes on, because a server that comes back may still take the result.

The process ends when its input does, or when its parent is another than at the start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

PARENT_POLL_SECS = 1.0
#: Messages come in bursts; reading them a moment later reads many at once.
GATHER_SECS = 0.02


def main() -> None:
    """Runs until the worker's process ends."""
    # The worker may get these signals too, and goes on for a while with its jobs.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    parent_pid = int(sys.argv[1])
    threading.excepthook = end_with_thread
    threading.Thread(target=end_with_parent, args=(parent_pid,), daemon=True).start()
    pieces = read_messages()
    settings = next(pieces, None)
    if settings is None:
        return
    from .heartbeat.renewals import Renewals, Settings, WatchedLease

    renewals = Renewals(Settings(**settings), tell)
    renewals.start()
    for message in pieces:
        match message:
            case ["watch", lease_id, run_id, job_id, ttl_secs, deadline, asked_at]:
                renewals.watch(WatchedLease(lease_id, run_id, job_id, ttl_secs, deadline), asked_at)
            case ["forget", lease_id]:
                renewals.forget(lease_id)
            case ["renew"]:
                renewals.renew_now()
            case ["http"]:
                renewals.stay_with_http()
    os._exit(0)


def read_messages() -> Any:
    """Yields each line of the input as what it says."""
    rest = b""
    while data := os.read(0, 1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)
        time.sleep(GATHER_SECS)


def end_with_parent(parent_pid: int) -> None:
    """The input alone is no proof of life: a process that the worker forked may hold its other end."""
    while os.getppid() == parent_pid:
        time.sleep(PARENT_POLL_SECS)
    os._exit(0)


def end_with_thread(failed: threading.ExceptHookArgs) -> None:
    """A process that lost one of its threads would fail quietly; the worker replaces one that has ended."""
    traceback.print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    os._exit(1)


output_lock = threading.Lock()


def tell(*message: object) -> None:
    """Says something to the worker."""
    line = json.dumps(message).encode() + b"\n"
    try:
        with output_lock:
            os.write(1, line)
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
