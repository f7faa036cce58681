"""The process that keeps a worker's leases alive, whatever the worker's own process is busy with.

It starts as `python -m workflow_graph_client._heartbeat` with the worker's process id and reads JSON from its standard
input, one array a line:

    {"server_url": …, "token": …, "ca_file": …, "worker_id": …, "interval_secs": …, "stream": …}    first of all
    ["watch", lease_id, run_id, job_id, ttl_secs, deadline, asked_at]
    ["forget", lease_id]
    ["renew"]                                                                          all of them, at once
    ["http"]                                                                           the stream cannot be had

It writes its messages to standard output in the same form:

    ["renewed", lease_id, deadline]      ["lost", lease_id, reason, message]     ["cancelled", lease_id]
    ["expired", lease_id]                ["away", code]    ["back"]              ["unknown-worker"]
    ["drain", active, stop]              what each response to a single call says of the worker's drain

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
    # The worker can get these signals too, and continues its jobs for a while.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    parent_pid = int(sys.argv[1])
    threading.excepthook = end_with_thread
    threading.Thread(target=end_with_parent, args=(parent_pid,), daemon=True).start()
    pieces = read_messages()
    settings = next(pieces, None)
    if settings is None:
        return
    from .heartbeats.renewals import Renewals, Settings, WatchedLease

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
    """Yields the message of each input line."""
    rest = b""
    while data := os.read(0, 1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)
        time.sleep(GATHER_SECS)


def end_with_parent(parent_pid: int) -> None:
    """An open input does not prove that the worker lives: a process that it forked can hold the other end."""
    while os.getppid() == parent_pid:
        time.sleep(PARENT_POLL_SECS)
    os._exit(0)


def end_with_thread(failed: threading.ExceptHookArgs) -> None:
    """A process that lost a thread would fail silently; the worker replaces one that has ended."""
    traceback.print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    os._exit(1)


output_lock = threading.Lock()


def tell(*message: object) -> None:
    """Sends a message to the worker."""
    line = json.dumps(message).encode() + b"\n"
    try:
        with output_lock:
            os.write(1, line)
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
