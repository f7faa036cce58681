"""Waiting for what a test expects."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tests.real_server import RealServer
from workflow_graph_client import WorkflowJob

# How many times as long as on the reference machine things take here; `npm test` measures it.
TIME_FACTOR = float(os.environ.get("TEST_TIME_FACTOR") or 1)


def scaled(secs: float) -> float:
    """A bound that suits this machine."""
    return secs * TIME_FACTOR


def end_of(server: RealServer, run_id: str, secs: float = 90) -> dict[str, WorkflowJob]:
    workflow = server.client.wait(run_id, timeout_secs=scaled(secs), interval_secs=0.02)
    return {job["id"]: job for job in workflow["jobs"]}


def wait_until(condition: Callable[[], object], secs: float = 15) -> None:
    deadline = time.monotonic() + scaled(secs)
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
