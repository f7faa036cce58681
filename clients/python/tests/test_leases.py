"""Heartbeats, and leases that cannot be kept."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer
from tests.waiting import end_of, wait_until
from workflow_graph_client import Job
from workflow_graph_client.shell.process_tree import list_processes, read_process


def test_heartbeats_go_on_while_a_job_holds_the_interpreter(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    def execute(job: Job) -> dict[str, str]:
        # A call through PyDLL keeps the interpreter's lock: no other thread of this process runs meanwhile.
        ctypes.PyDLL(None).sleep(7)
        return {"attempt": str(job.attempt)}

    start_worker(server, execute, labels=["busy", transport], transport=transport, lease_ttl_secs=6)
    jobs = end_of(server, server.run(a={"run": "x", "retries": 1, "labels": ["busy", transport]}))
    assert (jobs["a"]["status"], jobs["a"]["outputs"]) == ("success", {"attempt": "0"})


def test_a_lease_that_cannot_be_renewed_ends_its_job(
    own_server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    reasons: list[str | None] = []
    begun = threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        job.cancelled.wait(20)
        reasons.append(job.cancelled.reason)
        job.cancelled.raise_if_set()

    start_worker(own_server, execute, transport=transport, lease_ttl_secs=1)
    own_server.run(a={"run": "x"})
    assert begun.wait(10)
    own_server.pause()
    wait_until(lambda: reasons, 5)
    own_server.resume()
    assert reasons == ["lease expired: the server was not reached for 1 s"]


def test_a_heartbeat_process_that_dies_is_replaced(
    server: RealServer, start_worker: StartWorker, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    def execute(job: Job) -> dict[str, str]:
        for pid in heartbeat_pids(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        time.sleep(7)
        return {"attempt": str(job.attempt)}

    # Long enough for a busy machine to start a process.
    start_worker(server, execute, labels=["beat", transport], transport=transport, lease_ttl_secs=6)
    jobs = end_of(server, server.run(a={"run": "x", "retries": 1, "labels": ["beat", transport]}))
    assert jobs["a"]["outputs"] == {"attempt": "0"}
    assert any("was started again" in record.message for record in caplog.records)


def test_the_heartbeat_process_dies_with_its_parent(server: RealServer) -> None:
    program = f"from workflow_graph_client import Worker; Worker(server_url={server.url!r}, labels=['dies']).run()"
    parent = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: heartbeat_pids(parent.pid))
    (child,) = heartbeat_pids(parent.pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(child), 5)


def heartbeat_pids(parent: int) -> list[int]:
    return [
        entry.pid
        for entry in list_processes()
        if entry.parent_pid == parent
        and b"workflow_graph_client._heartbeat" in Path(f"/proc/{entry.pid}/cmdline").read_bytes()
    ]


def is_alive(pid: int) -> bool:
    entry = read_process(pid)
    return entry is not None and not entry.is_zombie
