"""Waiting for what a test expects."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.real_server import RealServer
from workflow_graph import WorkflowJob


def end_of(server: RealServer, run_id: str, secs: float = 90) -> dict[str, WorkflowJob]:
    workflow = server.client.wait(run_id, timeout_secs=secs, interval_secs=0.02)
    return {job["id"]: job for job in workflow["jobs"]}


def wait_until(condition: Callable[[], object], secs: float = 15) -> None:
    deadline = time.monotonic() + secs
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
